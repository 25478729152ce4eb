import EventStreams
import JSON
import Synchronization

/// Sorts what a server sends: answers go to the requests of this one session that wait for them, everything else is
/// counted and mostly dropped.
final class MCPInbox: Sendable {
    private enum Slot {
        case open(CheckedContinuation<JSONObject, any Error>?)
        case answered(Result<JSONObject, MCPFailure>)
    }

    private struct State {
        var slots: [Int64: Slot] = [:]
        var lastSign: [Int64: Duration] = [:]
        var closed: MCPFailure?
        var messages = 0
        var bytes = 0
        var toolsHaveChanged = false
    }

    private let limits: MCPLimits
    private let elapsed: @Sendable () -> Duration
    private let state = Mutex(State())
    /// Opens when nothing can be asked any more.
    let end = Latch()

    init(_ limits: MCPLimits, elapsed: @escaping @Sendable () -> Duration) {
        self.limits = limits
        self.elapsed = elapsed
    }

    /// Whether the server has said since the last time that its tools are not the same any more.
    func takeChange() -> Bool {
        state.withLock { state in
            defer { state.toolsHaveChanged = false }
            return state.toolsHaveChanged
        }
    }

    var hasEnded: Bool { state.withLock { $0.closed != nil } }

    /// The bounds of what is received begin anew with a request that is the only one.
    func expect(_ id: Int64) {
        let now = elapsed()
        state.withLock { state in
            if state.slots.isEmpty { (state.messages, state.bytes) = (0, 0) }
            state.slots[id] = .open(nil)
            state.lastSign[id] = now
        }
    }

    func forget(_ id: Int64) {
        state.withLock { state in
            state.slots[id] = nil
            state.lastSign[id] = nil
        }
    }

    func isAnswered(_ id: Int64) -> Bool {
        state.withLock { state in
            if case .answered? = state.slots[id] { true } else { false }
        }
    }

    /// How long the request may still be without a sign of life.
    func patience(for id: Int64, _ limit: Duration) -> Duration {
        let now = elapsed()
        return state.withLock { limit - (now - ($0.lastSign[id] ?? now)) }
    }

    /// Waits for the answer to an expected request.
    func answer(to id: Int64) async throws -> JSONObject {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let known: Result<JSONObject, any Error>? = state.withLock { state in
                    if case .answered(let result)? = state.slots[id] { return result.mapError { $0 } }
                    if let closed = state.closed { return .failure(closed) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.slots[id] = .open(continuation)
                    return nil
                }
                if let known { continuation.resume(with: known) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<JSONObject, any Error>? in
                guard case .open(let continuation?)? = state.slots[id] else { return nil }
                state.slots[id] = .open(nil)
                return continuation
            }
            waiting?.resume(throwing: CancellationError())
        }
    }

    /// Fails every request that waits, and those to come.
    func close(_ failure: MCPFailure) {
        let waiting = state.withLock { state -> [CheckedContinuation<JSONObject, any Error>] in
            state.closed = state.closed ?? failure
            return state.slots.keys.compactMap { id in
                guard case .open(let continuation?)? = state.slots[id] else { return nil }
                state.slots[id] = .open(nil)
                return continuation
            }
        }
        for continuation in waiting { continuation.resume(throwing: failure) }
        end.open()
    }

    /// Takes a message, or a batch of them.
    ///
    /// - Returns: what has to be sent back to the server.
    func receive(_ bytes: [UInt8]) throws(MCPFailure) -> [JSONValue] {
        guard bytes.count <= limits.message else { throw Self.tooMuch }
        let value: JSONValue
        do {
            value = try JSONParser(options: [.removeNUL, .replaceLoneSurrogates], depthLimit: 128).parse(bytes)
        } catch {
            throw MCPFailure(.invalidAnswer, "The server sent something that is not JSON.")
        }
        let messages = value.array ?? [value]
        let isTooMuch = state.withLock { state in
            state.bytes += bytes.count
            state.messages += messages.count
            return state.bytes > limits.received || state.messages > limits.messages
        }
        guard !isTooMuch else { throw Self.tooMuch }
        return messages.compactMap { $0.object.flatMap(take) }
    }

    private static let tooMuch = MCPFailure(.invalidAnswer, "The server sent too much. The connection was closed.")

    private func take(_ message: JSONObject) -> JSONValue? {
        if let method = message["method"]?.string {
            guard let id = message["id"], !id.isNull else {
                notice(method, message["params"])
                return nil
            }
            return Self.reply(to: method, id)
        }
        guard let id = message["id"]?.int else { return nil }
        let result: Result<JSONObject, MCPFailure>
        if let error = message["error"]?.object {
            let text = error["message"]?.string ?? "an error without a message"
            result = .failure(
                MCPFailure(.rejected(code: error["code"]?.int ?? 0), String(text.prefix(4_000))))
        } else if let object = message["result"]?.object {
            result = .success(object)
        } else {
            result = .failure(MCPFailure(.invalidAnswer, "The server's answer has no result."))
        }
        let waiting = state.withLock { state -> CheckedContinuation<JSONObject, any Error>? in
            // An answer to nothing, or a second one.
            guard case .open(let continuation)? = state.slots[id] else { return nil }
            state.slots[id] = .answered(result)
            return continuation
        }
        waiting?.resume(with: result.mapError { $0 })
        return nil
    }

    private func notice(_ method: String, _ parameters: JSONValue?) {
        let now = elapsed()
        state.withLock { state in
            switch method {
            case "notifications/progress":
                guard let id = parameters?["progressToken"]?.int, state.lastSign[id] != nil else { return }
                state.lastSign[id] = now
            case "notifications/tools/list_changed": state.toolsHaveChanged = true
            default: break
            }
        }
    }

    /// A ping is answered, a question to the user is declined, and everything else is not supported: this client has no
    /// user beside it and lends its model to nobody.
    private static func reply(to method: String, _ id: JSONValue) -> JSONValue {
        switch method {
        case "ping": ["jsonrpc": "2.0", "id": id, "result": [:]]
        case "elicitation/create": ["jsonrpc": "2.0", "id": id, "result": ["action": "decline"]]
        default:
            [
                "jsonrpc": "2.0", "id": id,
                "error": [
                    "code": -32601, "message": .string("\(method.prefix(100)) is not supported by this client."),
                ],
            ]
        }
    }
}
