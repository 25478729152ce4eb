import LettaAPI
import Storage

extension PassageCorpus {
    /// The passages of the files of folders.
    static func folders(_ folders: [ID<Folder>], _ query: String) -> PassageCorpus {
        PassageCorpus(
            sets: { db in try VectorStore.currentSets(of: folders.map(\.rawValue), db) },
            matches: { limit, db in try FolderStore.find(query, in: folders, limit: limit, db) },
            allowed: nil,
            passages: { ids, db in try db.fetch(FolderStore.passages, ids) })
    }
}
