import LettaAPI
import Logging
import Storage

/// Stores the events of a background run while it runs, so that later readers can follow it.
///
/// Events that arrive while a batch is being written form the next batch: a fast model makes larger ones.
struct RunEventWriter: Sendable {
    let core: Core
    let control: TurnControl
    let scope: Scope

    /// Returns after the end of the run, when all events are stored.
    func write() async {
        var count = 0
        while case .events(let batch) = await control.log.read(after: count) {
            count = batch.last?.sequence ?? count
            do {
                let time = core.now()
                try await core.storage.write(as: scope) { db in
                    try RunEventStore.insert(batch, of: control.run, at: time, db)
                }
                control.log.setStored(count)
            } catch {
                // Ends the run for later readers.
                core.logger.error(
                    "The events of a run could not be stored",
                    metadata: ["run.id": "\(control.run)", "error": "\(error)"])
                control.log.stopStoring()
                return
            }
        }
    }
}
