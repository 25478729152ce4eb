import LettaAPI
import NIOPosix
import Storage
import Synchronization

/// The vectors of the archives and folders that are searched, in bounded memory.
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
    private static let page = 2_000
    /// Behind all ids of passages.
    private static let lastID = "~"
    /// A longer scan is not for the threads that serve requests.
    private static let shortScan = 2 << 20

    /// - Parameter capacity: in bytes. A table that is larger than all of it is read for each search.
    init(storage: any StorageEngine, capacity: Int = 512 << 20) {
        self.storage = storage
        self.capacity = capacity
    }

    /// The passages of a set that are most similar to a query, approximately, the best first.
    ///
    /// - Parameter allowed: the passages to search; nil for all.
    func nearest(
        to query: [Float], in set: VectorSet, count: Int, among allowed: Set<PassageKey>?, as scope: Scope
    ) async throws -> [PassageKey] {
        guard set.dimensions == query.count else { return [] }
        let table = try await table(of: set, as: scope)
        let scan: @Sendable () -> [PassageKey] = {
            table.nearest(to: query, count: count, among: allowed).map(\.key)
        }
        if table.size <= Self.shortScan { return scan() }
        return try await NIOThreadPool.singleton.runIfActive(scan)
    }

    /// Drops passages that were found to be deleted.
    func remove(_ gone: Set<PassageKey>, of set: VectorSet, as scope: Scope) {
        state.withLock { $0.entries[Self.key(set, scope)]?.table.remove(gone) }
    }

    /// In bytes.
    var size: Int { state.withLock { $0.entries.values.reduce(0) { $0 + $1.table.size } } }

    // MARK: Loading

    private static func key(_ set: VectorSet, _ scope: Scope) -> Key {
        Key(organization: scope.organization, owner: set.ownerID, generation: set.generation)
    }

    private func table(of set: VectorSet, as scope: Scope) async throws -> VectorTable {
        let key = Self.key(set, scope)
        if let table = current(key), table.version >= set.version { return table }
        try await loading.lock(key, orElse: APIError.busySearch)
        defer { loading.unlock(key) }
        var table = current(key) ?? VectorTable(dimensions: set.dimensions ?? 0)
        guard table.version < set.version else { return table }
        try await load(set, into: &table, as: scope)
        keep(table, key)
        return table
    }

    private func load(_ set: VectorSet, into table: inout VectorTable, as scope: Scope) async throws {
        // All rows of the version that the table has are in it.
        var (version, last) = (table.version, Self.lastID)
        while true {
            let changes = try await storage.read(as: scope) { [version, last] db in
                try VectorStore.changes(in: set, after: version, last, limit: Self.page, db)
            }
            let pairs = changes.compactMap { change in
                PassageKey(change.passage.rawValue).map { (key: $0, change: change) }
            }
            table.remove(Set(pairs.filter { !$0.change.isFirst }.map(\.key)))
            table.append(pairs.compactMap { pair in pair.change.vector.map { (key: pair.key, vector: $0) } })
            if let change = changes.last { (version, last) = (change.version, change.passage.rawValue) }
            if changes.count < Self.page { break }
        }
        table.version = max(version, set.version)
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
    fileprivate static let busySearch = APIError(503, "Too many searches wait for one archive. Retry later.")
}
