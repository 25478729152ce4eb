import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage

/// Posts the end of a background run to the callback URL of its sender, once and with a deadline.
///
/// Private addresses are allowed: listeners on the server's own network are the usual case, and the body holds ids, a
/// status and a time, nothing that was said.
struct RunCallbackService: Sendable {
    static let deadline = Duration.seconds(10)

    let core: Core
    let ends: RunEnds
    let transport: ProviderTransport

    /// - Throws: `APIError` 422 for an address that this server does not call.
    static func checked(_ url: String?) throws -> String? {
        guard let url else { return nil }
        do {
            _ = try EgressAddress(url)
        } catch {
            throw APIError.invalidField("callback_url", error.reason, input: .string(url))
        }
        return url
    }

    func announce(_ id: ID<Run>, to url: String, as scope: Scope) async {
        do {
            let run = try await core.storage.read(as: scope) { db in try RunStore.run(id, db) }
            guard let run else { return }
            var status: Int?
            var problem: String?
            do throws(ProviderFailure) {
                status = try await transport.post(
                    Self.body(of: ends.current(run)), to: url, within: Self.deadline, clock: core.clock)
            } catch {
                status = error.status
                problem = error.kind == .cancelled ? Self.stopped : error.message
            }
            try await note(id, at: core.now(), status: status, error: problem, as: scope)
        } catch {
            core.logger.error(
                "The outcome of a callback could not be stored", metadata: ["run.id": "\(id)", "error": "\(error)"])
        }
    }

    /// Stores that the callback was not sent because the server stops.
    func giveUp(_ id: ID<Run>, as scope: Scope) async {
        do {
            try await note(id, at: nil, status: nil, error: Self.stopped, as: scope)
        } catch {
            core.logger.error(
                "The outcome of a callback could not be stored", metadata: ["run.id": "\(id)", "error": "\(error)"])
        }
    }

    private static let stopped = "The server stopped before the callback was answered."

    private func note(
        _ id: ID<Run>, at time: Timestamp?, status: Int?, error: String?, as scope: Scope
    ) async throws {
        try await shieldedFromCancellation { [core] in
            try await core.storage.write(as: scope) { db in
                try RunStore.setCallback(id, sentAt: time, status: status, error: error, db)
            }
        }
    }

    private static func body(of run: Run) -> [UInt8] {
        JSONWriter.bytes(
            of: [
                "run_id": .string(run.id.rawValue), "agent_id": .string(run.agentID.rawValue),
                "status": .string(run.status.rawValue),
                "stop_reason": run.stopReason.map { .string($0.rawValue) } ?? .null,
                "completed_at": run.completedAt.map { .string($0.wireText) } ?? .null,
            ] as JSONValue)
    }
}
