import LettaAPI
import Logging
import Storage

/// Stores the events of a background run while it runs, so that later readers can follow it.
///
/// Events that arrive while a batch is being written form the next batch: a fast model makes larger ones. A batch that the
/// database refuses is written again later.
struct RunEventWriter: Sendable {
    let core: Core
    let control: TurnControl
    let scope: Scope
    let ends: RunEnds

    /// Returns after the end of the run, when all events are stored.
    func write() async {
        var count = 0
        while true {
            switch await control.log.read(after: count) {
            case .events(let batch):
                guard await store(batch) else { return control.log.stopStoring() }
                count = batch.last?.sequence ?? count
                control.log.setStored(count)
            case .behind:
                core.logger.error("The events of a run were too many to keep", metadata: ["run.id": "\(control.run)"])
                return control.log.stopStoring()
            case .end, .interrupted:
                return
            }
        }
    }

    /// - Returns: false when the batch can't be stored. The next start of a server ends the run for later readers.
    private func store(_ batch: [RunEvent]) async -> Bool {
        while true {
            do {
                let time = core.now()
                try await core.storage.write(as: scope) { db in
                    try RunEventStore.insert(batch, of: control.run, at: time, db)
                    for server in control.followers { try ServerStore.tell(server, .events(control.run), db) }
                }
                return true
            } catch {
                let isRetried = (error as? SQLFailure)?.isTransient == true
                core.logger.error(
                    isRetried ? "The events of a run are stored later" : "The events of a run could not be stored",
                    metadata: ["run.id": "\(control.run)", "error": "\(error)"])
                guard isRetried, await ends.pause() else { return false }
            }
        }
    }
}
