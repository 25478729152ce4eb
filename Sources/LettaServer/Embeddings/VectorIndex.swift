import LettaAPI
import NIOPosix
import Storage
import Synchronization

/// Vectors that are searched together, and how they are read.
protocol VectorSource: Sendable {
    var key: VectorIndex.Key { get }
    /// The length of the vectors; nil when there are none.
    var dimensions: Int? { get }
    /// Whether a table has all that the source had when it was read.
    func isIn(_ table: VectorTable) -> Bool
    /// Brings a table up to date.
    func load(into table: inout VectorTable, from storage: any StorageEngine) async throws
}

/// The vectors of the archives, folders and messages that are searched, in bounded memory.
///
/// A search brings its table up to date with the changes since the last one, which the database counts: also those that
/// another process made. A deleted passage is dropped when a search finds that it is gone.
final class VectorIndex: Sendable {
    struct Key: Hashable, Sendable {
        let organization: String
        let owner: String
        let generation: Int
    }

    private struct Entry {
        var table: VectorTable
        var lastUse: Int
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var uses = 0
    }

    private let storage: any StorageEngine
    private let capacity: Int
    private let state = Mutex(State())
    /// Two searches do not load the same table twice.
    private let loading = KeyedFIFOLock<Key>(queueLimit: 10_000)

    /// The rows that one transaction reads.
    static let page = 2_000
    /// A longer scan is not for the threads that serve requests.
    private static let shortScan = 2 << 20

    /// - Parameter capacity: in bytes. A table that is larger than all of it is read for each search.
    init(storage: any StorageEngine, capacity: Int = 512 << 20) {
        self.storage = storage
        self.capacity = capacity
    }

    /// The rows of a source that are most similar to a query, approximately, the best first.
    ///
    /// - Parameter allowed: the rows to search; nil for all.
    func nearest(
        to query: [Float], in source: some VectorSource, count: Int, among allowed: Set<VectorKey>?
    ) async throws -> [VectorTable.Match] {
        guard source.dimensions == query.count else { return [] }
        let table = try await table(of: source)
        let scan: @Sendable () -> [VectorTable.Match] = { table.nearest(to: query, count: count, among: allowed) }
        if table.size <= Self.shortScan { return scan() }
        return try await NIOThreadPool.singleton.runIfActive(scan)
    }

    /// Drops rows that were found to be deleted.
    func remove(_ gone: Set<VectorKey>, of source: some VectorSource) {
        state.withLock { $0.entries[source.key]?.table.remove(gone) }
    }

    /// In bytes.
    var size: Int { state.withLock { $0.entries.values.reduce(0) { $0 + $1.table.size } } }

    // MARK: Loading

    private func table(of source: some VectorSource) async throws -> VectorTable {
        let key = source.key
        if let table = current(key), source.isIn(table) { return table }
        try await loading.lock(key, orElse: APIError.busySearch)
        defer { loading.unlock(key) }
        var table = current(key) ?? VectorTable(dimensions: source.dimensions ?? 0)
        guard !source.isIn(table) else { return table }
        try await source.load(into: &table, from: storage)
        keep(table, key)
        return table
    }

    private func current(_ key: Key) -> VectorTable? {
        state.withLock { state in
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return state.entries[key]?.table
        }
    }

    /// Keeps the table, and drops those used longest ago where memory is short.
    private func keep(_ table: VectorTable, _ key: Key) {
        state.withLock { state in
            state.entries[key] = nil
            guard table.size <= capacity else { return }
            var size = state.entries.values.reduce(table.size) { $0 + $1.table.size }
            while size > capacity, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                size -= oldest.value.table.size
                state.entries[oldest.key] = nil
            }
            state.uses += 1
            state.entries[key] = Entry(table: table, lastUse: state.uses)
        }
    }
}

extension APIError {
    fileprivate static let busySearch = APIError(503, "Too many searches wait for the same vectors. Retry later.")
}
