import LettaAPI
import Storage

/// The vectors of the messages of one agent.
struct MessageVectors: VectorSource {
    let set: MessageVectorSet
    let scope: Scope

    var key: VectorIndex.Key {
        VectorIndex.Key(
            organization: scope.organization, owner: set.agentID.rawValue, generation: set.generation)
    }

    var dimensions: Int? { self.set.dimensions }

    func isIn(_ table: VectorTable) -> Bool {
        set.positions.isEmpty
            || (!table.positions.isEmpty && table.positions.lowerBound <= set.firstPosition
                && table.positions.upperBound >= set.nextPosition)
    }

    func load(into table: inout VectorTable, from storage: any StorageEngine) async throws {
        let known = table.positions
        guard !known.isEmpty else {
            try await load(set.positions, into: &table, from: storage)
            table.positions = set.positions
            return
        }
        let (first, next) = (min(set.firstPosition, known.lowerBound), max(set.nextPosition, known.upperBound))
        try await load(known.upperBound..<next, into: &table, from: storage)
        try await load(first..<known.lowerBound, into: &table, from: storage)
        table.positions = first..<next
    }

    private func load(
        _ positions: Range<Int>, into table: inout VectorTable, from storage: any StorageEngine
    ) async throws {
        var first = positions.lowerBound
        while first < positions.upperBound {
            let rows = try await storage.read(as: scope) { [set, first] db in
                try MessageVectorStore.vectors(
                    in: set, at: first..<positions.upperBound, limit: VectorIndex.page, db)
            }
            table.append(
                rows.compactMap { row in
                    row.vector.map { (key: VectorKey(position: row.position), vector: $0) }
                })
            guard rows.count == VectorIndex.page, let last = rows.last else { return }
            first = last.position + 1
        }
    }
}
