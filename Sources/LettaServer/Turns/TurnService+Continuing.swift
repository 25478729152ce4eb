import LettaAPI
import Storage

extension TurnService {
    /// Goes on from what a failed run left: the model gets its messages, which stay stored once.
    ///
    /// - Returns: the run that goes on, which has begun.
    /// - Throws: `APIError` 409 for a run that has not failed, or after which something else was said.
    func goOn(from id: ID<Run>, as scope: Scope) async throws -> Run {
        let (stored, conversation) = try await core.storage.read(as: scope) { db in
            let run = try RunService.run(id, db)
            return (run, try run.conversationID.map { try ConversationService.row($0, db) })
        }
        let failed = ends.current(stored)
        guard failed.status == .failed else { throw APIError.conflict("Run \(id) has not failed.") }
        var body = SendMessages("Go on.")
        body.identityID = failed.speaker
        var request = try TurnRequest(body, to: failed.agentID)
        // Nothing is said anew.
        request.given = []
        request.conversation = failed.conversationID
        request.overrideModel = conversation?.model
        request.failedRun = id
        guard case .started(_, let run) = try await start(request, as: scope) else {
            throw APIError.conflict("Run \(id) goes on already.")
        }
        return run
    }
}
