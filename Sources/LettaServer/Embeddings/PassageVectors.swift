import LettaAPI
import Storage

/// The vectors of the passages of one archive or folder.
struct PassageVectors: VectorSource {
    let set: VectorSet
    let scope: Scope

    /// Behind all ids of passages.
    private static let lastID = "~"

    var key: VectorIndex.Key {
        VectorIndex.Key(organization: scope.organization, owner: set.ownerID, generation: set.generation)
    }

    var dimensions: Int? { self.set.dimensions }

    func isIn(_ table: VectorTable) -> Bool { table.version >= set.version }

    func load(into table: inout VectorTable, from storage: any StorageEngine) async throws {
        // All rows of the version that the table has are in it.
        var (version, last) = (table.version, Self.lastID)
        while true {
            let changes = try await storage.read(as: scope) { [set, version, last] db in
                try VectorStore.changes(in: set, after: version, last, limit: VectorIndex.page, db)
            }
            let pairs = changes.compactMap { change in
                VectorKey(change.passage.rawValue).map { (key: $0, change: change) }
            }
            table.remove(Set(pairs.filter { !$0.change.isFirst }.map(\.key)))
            table.append(pairs.compactMap { pair in pair.change.vector.map { (key: pair.key, vector: $0) } })
            if let change = changes.last { (version, last) = (change.version, change.passage.rawValue) }
            if changes.count < VectorIndex.page { break }
        }
        table.version = max(version, set.version)
    }
}
