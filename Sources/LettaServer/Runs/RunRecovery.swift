import AgentEngine
import LettaAPI
import Storage

/// Ends the runs that were left unfinished when the server stopped without a shutdown.
enum RunRecovery {
    /// Queued and running runs become failed, and so does the last run of their agents. Scheduled ones that had not begun
    /// are due again. The events of background runs get the end that followers wait for.
    static func failUnfinished(at time: Timestamp, _ db: any SQLExecutor) throws {
        // In order of creation, so that the newest run of an agent becomes its last run.
        let unfinished = try RunStore.failUnfinished(at: time, db)
        for (organization, run) in unfinished.sorted(by: { $0.run.createdAt < $1.run.createdAt }) {
            let db = Transaction(db, as: scope(organization))
            if try ScheduleStore.takeBack(run.id, db) { continue }
            try TurnStore.setLastRun(run, db)
            var explained = run
            explained.explain(Run.interrupted)
            try RunStore.update(explained, at: time, db)
        }
        let oldest = Timestamp(microseconds: time.microseconds - TurnService.eventRetention)
        for (organization, run) in try RunStore.withoutLastEvent(createdAfter: oldest, db) {
            let db = Transaction(db, as: scope(organization))
            let last = try RunEventStore.lastSequence(of: run.id, db)
            let stop = run.stopReason.flatMap { TurnStop(rawValue: $0.rawValue) } ?? .error
            let events = TurnEnd(stop: stop, usage: TurnUsage(), failure: lost).events(runID: run.id.rawValue)
            let rows = events.enumerated().map { RunEvent($1, at: last + 1 + $0, isNumbered: true) }
            try RunEventStore.insert(rows, of: run.id, at: time, db)
        }
    }

    private static let lost = TurnFailure(
        type: "internal_error", message: "The server stopped before the events of this run were stored.",
        detail: "What the run had stored by then is in its messages and its state.", status: 500)

    private static func scope(_ organization: String) -> Scope {
        // No user acts here.
        Scope(organization: organization, user: "")
    }
}
