import LettaAPI
import Storage

extension PassageCorpus {
    /// The passages of archives that pass a filter.
    ///
    /// - Parameter order: of the passages when the query is empty.
    static func archives(_ query: String, matching filter: PassageFilter, orElse order: SortOrder) -> PassageCorpus {
        let allowed: @Sendable (Transaction) throws -> [ID<Passage>] = { db in
            try PassageStore.ids(matching: filter, db)
        }
        return PassageCorpus(
            sets: { db in
                guard let archives = filter.archives else { return try VectorStore.currentSets(of: .archive, db) }
                return try VectorStore.currentSets(of: archives.map(\.rawValue), db)
            },
            matches: { limit, db in
                try PassageStore.find(query, matching: filter, orElse: order, limit: limit, db)
                    .map { (passage: $0.passage, score: $0.score) }
            },
            allowed: filter.isNarrow ? allowed : nil,
            passages: { ids, db in try PassageStore.passages(ids, matching: filter, db) })
    }
}
