import LettaAPI
import Storage

/// Takes up the work that the former leader, or this server before it was stopped, has left.
struct LeaderRecovery: Sendable {
    /// Whether packages of tools are installed here.
    let installsPackages: Bool

    func run(at time: Timestamp, _ db: any SQLExecutor) throws {
        try BatchStore.recover(db)
        try RunCallbackStore.setAllDue(at: time, db)
        try UploadStore.deleteUnfinished(db)
        try VectorStore.setAllDue(db)
        try ToolPackageStore.resume(isAllowed: installsPackages, db)
    }
}
