import LettaClient
import TestSupport

/// Gives `body` a client of a real server with an empty database.
func withClient<Value: Sendable>(
    password: String? = nil, token: String? = nil,
    _ body: @escaping @Sendable (LettaClient) async throws -> Value
) async throws -> Value {
    try await withServer(on: .sqlite, { $0.password = password }) { server in
        try await server.serving { address in
            try await LettaClient.withClient(baseURL: address, token: token, body)
        }
    }
}

/// The error that `body` ends with as a client's error; nil when it ends with none or another.
func failure(of body: () async throws -> Void) async -> LettaClientError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? LettaClientError
    }
}
