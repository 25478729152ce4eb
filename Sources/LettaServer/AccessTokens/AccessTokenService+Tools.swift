import LettaAPI
import Storage

/// Tokens for calls of tools.
extension AccessTokenService {
    /// No tool runs for as long, also if it has to wait first. A server that is killed leaves tokens until then.
    private static let longestCall: Int64 = 3_600 * 1_000_000

    /// Passes `body` a token that reads and changes the agent, and reads its messages, until `body` returns. It sends no
    /// messages: the agent's turn waits for the tool.
    func withToken<Value: Sendable>(
        for agent: ID<AgentState>, as scope: Scope, _ body: (String) async throws -> Value
    ) async throws -> Value {
        // A host name that no page has.
        var request = CreateAccessToken(
            hostname: "http://tool.invalid",
            policy: [.init(id: agent, access: [.readAgent, .writeAgent, .readMessages])])
        request.expiresAt = Timestamp(microseconds: core.now().microseconds + Self.longestCall)
        let token = try await create(request, as: scope).token
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(token)) } catch { outcome = .failure(error) }
        try await shieldedFromCancellation { try await delete(token, as: scope) }
        return try outcome.get()
    }
}
