import JSON
import LettaAPI
import MCPClient

/// The states of connecting to a server, as events: an attempt, then success or an error. Where the server wants
/// authorization, the address for the user's browser, and the wait for the browser to come back, are in between.
struct MCPConnectFrames: AsyncSequence, Sendable {
    let service: MCPToolService
    let row: MCPServerRow
    /// Whether the tools of the server are stored.
    let isStored: Bool
    let scope: Scope

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(connection: self) }

    struct AsyncIterator: AsyncIteratorProtocol {
        private enum State {
            case start, connect, authorize(challenge: String?), announce(id: String), wait(id: String), end
        }

        fileprivate let connection: MCPConnectFrames
        private var state = State.start

        fileprivate init(connection: MCPConnectFrames) {
            self.connection = connection
        }

        /// One event for each state; the work of a state is done when its event is asked for.
        mutating func next() async throws -> [UInt8]? {
            do {
                return try await event()
            } catch let error as CancellationError {
                throw error
            } catch let failure as MCPFailure {
                return fail(failure.message)
            } catch let error as APIError {
                return fail(error.explanation)
            }
        }

        private mutating func event() async throws -> [UInt8]? {
            switch state {
            case .start:
                state = .connect
                return frame("connection_attempt", [:])
            case .connect:
                do {
                    return try await connect()
                } catch let failure as MCPFailure {
                    guard case .unauthorized(let challenge) = failure.kind else { throw failure }
                    state = .authorize(challenge: challenge)
                    return frame("oauth_required", ["message": "OAuth authentication required"])
                }
            case .authorize(let challenge):
                let begun = try await connection.service.connector.authorizations.begin(
                    connection.row.serverURL ?? "", challenge: challenge, as: connection.scope)
                state = .announce(id: begun.id)
                return frame("authorization_url", ["url": .string(begun.url), "session_id": .string(begun.id)])
            case .announce(let id):
                state = .wait(id: id)
                return frame(
                    "waiting_for_auth",
                    ["message": "Waiting for the user to authorize in a browser.", "session_id": .string(id)])
            case .wait(let id):
                try await connection.service.connector.authorizations.wait(for: id, as: connection.scope)
                return try await connect()
            case .end:
                return nil
            }
        }

        private mutating func connect() async throws -> [UInt8] {
            let tools = try await connection.service.connector.tools(of: connection.row, as: connection.scope)
            if connection.isStored {
                try await connection.service.store(tools, of: connection.row, as: connection.scope)
            }
            state = .end
            return frame("success", ["tools": .array(tools.map { MCPToolSchema($0).shown })])
        }

        private mutating func fail(_ message: String) -> [UInt8] {
            state = .end
            return frame("error", ["message": .string(message)])
        }

        private func frame(_ event: String, _ fields: JSONObject) -> [UInt8] {
            var fields = fields
            fields["event"] = .string(event)
            fields["server_name"] = .string(connection.row.serverName)
            return Array("data: ".utf8) + JSONWriter.bytes(of: JSONValue.object(fields)) + [0x0A, 0x0A]
        }
    }
}
