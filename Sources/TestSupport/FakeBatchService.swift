import HTTPTypes
import Hummingbird
package import JSON
package import ModelProviders
import NIOCore
import Synchronization

/// A model service on the loopback interface whose batches a test ends: Anthropic's Messages API, OpenAI's chat
/// completions and Responses API, with the batch interface of each.
package final class FakeBatchService: Sendable {
    /// A batch that was made.
    package struct Batch: Sendable {
        package var id: String
        /// The name that this server gave it, where the service keeps one.
        package var name: String?
        /// The requests: their own ids and their bodies.
        package var requests: [(id: String, body: JSONValue)]
        package var hasEnded = false
        package var isCancelled = false
        /// Whether others were in its way.
        package var isRefused = false
        var file: String?
        /// The number of requests that the listing tells of.
        var count: Int { requests.count }
    }

    /// What comes of a request in a batch.
    package enum Outcome: Sendable {
        case say(String)
        case call(String, JSONValue)
        case fail
        /// The results have no line for it.
        case nothing
    }

    private struct State {
        var batches: [Batch] = []
        var files: [String: [(id: String, body: JSONValue)]] = [:]
        var outcomes: [String: Outcome] = [:]
        var direct: [String] = []
        var attempts = 0
        var refusals: [Int] = []
        var lostResponses = 0
        var room = Int.max
        var isLocked = false
        var refusedReads = 0
    }

    private let state = Mutex(State())
    private let port = Mutex<Int>(0)
    private let streamed: @Sendable (String) -> String
    package let transport = ProviderTransport(connectDeadline: .seconds(5))
    /// One element for each batch that is made.
    package let made: AsyncStream<Void>
    private let making: AsyncStream<Void>.Continuation

    private init(_ streamed: @escaping @Sendable (String) -> String) {
        self.streamed = streamed
        (made, making) = AsyncStream.makeStream()
    }

    /// Runs the service for the time of `body`.
    ///
    /// - Parameter streamed: the streamed answer with this text.
    package static func serving<Value: Sendable>(
        streaming streamed: @escaping @Sendable (String) -> String, body: (FakeBatchService) async throws -> Value
    ) async throws -> Value {
        let fake = FakeBatchService(streamed)
        return try await servingFake { request in
            try await fake.respond(to: request)
        } body: { port in
            fake.port.withLock { $0 = port }
            let result: Result<Value, any Error>
            do { result = .success(try await body(fake)) } catch { result = .failure(error) }
            try await fake.transport.shutdown()
            return try result.get()
        }
    }

    package var baseURL: String { "http://127.0.0.1:\(port.withLock { $0 })/v1" }
    package var batches: [Batch] { state.withLock { $0.batches } }
    /// What the users of single requests said last.
    package var direct: [String] { state.withLock { $0.direct } }
    /// How often somebody tried to make a batch.
    package var attempts: Int { state.withLock { $0.attempts } }

    package func client(_ kind: ProviderKind) -> any ModelProvider {
        let name = kind == .responses ? "openai" : kind.rawValue
        return ProviderSettings(name: name, kind: kind, baseURL: baseURL, apiKey: Secret("sk-test-key")).client(
            transport: transport, retries: RetryPolicy(maximumRetries: 0))
    }

    /// Sets what comes of the requests whose users said these texts last. Others are answered with `batched: ` and the text.
    package func answer(_ outcomes: [String: Outcome]) { state.withLock { $0.outcomes = outcomes } }

    /// Ends all batches.
    package func finish() {
        state.withLock { state in
            for index in state.batches.indices where !state.batches[index].isRefused {
                state.batches[index].hasEnded = true
            }
        }
    }

    /// Refuses the next attempts to make a batch with these statuses.
    package func refuse(_ statuses: Int...) { state.withLock { $0.refusals = statuses } }

    /// Makes the next batches, and does not say so.
    package func loseResponses(_ count: Int) { state.withLock { $0.lostResponses = count } }

    /// Refuses batches while so many others have not ended.
    package func limit(to room: Int) { state.withLock { $0.room = room } }

    /// Refuses to show batches, as with a wrong key.
    package func lock(_ isLocked: Bool) { state.withLock { $0.isLocked = isLocked } }

    /// How often it refused to.
    package var refusedReads: Int { state.withLock { $0.refusedReads } }

    /// Waits until another batch is made.
    package func nextBatch() async {
        for await _ in made { return }
    }

    // MARK: Routes

    private func respond(to request: Request) async throws -> Response {
        var request = request
        let bytes = Array(try await request.collectBody(upTo: 64 * 1_024 * 1_024).readableBytesView)
        let path = request.uri.path.split(separator: "/").dropFirst().map(String.init)
        switch (request.method, path) {
        case (.get, ["models"]):
            return Self.json(#"{"data": [{"id": "m", "max_model_len": 50000, "max_input_tokens": 50000}]}"#)
        case (.post, ["messages"]), (.post, ["chat", "completions"]), (.post, ["responses"]):
            let said = Self.said(try JSONParser().parse(bytes))
            state.withLock { $0.direct.append(said) }
            return Self.respond(streamed("direct: \(said)"), type: "text/event-stream")
        case (.post, ["files"]):
            return upload(String(decoding: bytes, as: UTF8.self))
        case (.post, ["batches"]):
            let order = try JSONParser().parse(bytes)
            let file = order["input_file_id"]?.string ?? ""
            return make(
                state.withLock { $0.files[file] ?? [] }, named: order["metadata"]?["letta_batch"]?.string, from: file)
        case (.post, ["messages", "batches"]):
            let requests = try JSONParser().parse(bytes)["requests"]?.array ?? []
            return make(requests.map { ($0["custom_id"]?.string ?? "", $0["params"] ?? .null) }, named: nil)
        case (.get, let path) where path.last == "batches":
            return Self.json("{\"data\": [\(batches.reversed().map(Self.shown).joined(separator: ","))]}")
        case (.post, let path) where path.last == "cancel":
            return change(path[path.count - 2]) { $0.isCancelled = true }
        case (.get, let path) where path.last == "results" || path.last == "content":
            guard let batch = batch(path[path.count - 2]) else { return Self.missing }
            return Self.respond(batch.requests.compactMap(line).joined(separator: "\n"), type: "application/jsonl")
        case (.get, let path) where path.contains("batches"):
            return change(path.last ?? "") { _ in }
        default:
            return Self.missing
        }
    }

    private func batch(_ id: String) -> Batch? { batches.first { $0.id == id } }

    private func upload(_ form: String) -> Response {
        // The parts of the form around the lines are no JSON.
        let requests = form.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
            (try? JSONParser().parse(Array(line))).flatMap { line in
                line["custom_id"]?.string.map { (id: $0, body: line["body"] ?? .null) }
            }
        }
        return state.withLock { state in
            let id = "file_\(state.files.count + 1)"
            state.files[id] = requests
            return Self.json(#"{"id": "\#(id)"}"#)
        }
    }

    private func make(
        _ requests: [(id: String, body: JSONValue)], named name: String?, from file: String? = nil
    ) -> Response {
        let (response, isMade) = state.withLock { state -> (Response, Bool) in
            state.attempts += 1
            if !state.refusals.isEmpty {
                return (Self.json(#"{"error": {"message": "refused"}}"#, status: state.refusals.removeFirst()), false)
            }
            var batch = Batch(id: "batch_\(state.batches.count + 1)", name: name, requests: requests)
            batch.file = file
            let others = state.batches.count { !$0.hasEnded && !$0.isCancelled && !$0.isRefused }
            batch.isRefused = others >= state.room
            state.batches.append(batch)
            guard state.lostResponses > 0 else { return (Self.json(Self.shown(batch)), true) }
            state.lostResponses -= 1
            return (Self.json(#"{"error": {"message": "lost"}}"#, status: 502), true)
        }
        if isMade { making.yield() }
        return response
    }

    private func change(_ id: String, _ change: (inout Batch) -> Void) -> Response {
        state.withLock { state in
            guard !state.isLocked else {
                state.refusedReads += 1
                return Self.json(#"{"error": {"message": "wrong key"}}"#, status: 401)
            }
            guard let index = state.batches.firstIndex(where: { $0.id == id }) else { return Self.missing }
            change(&state.batches[index])
            return Self.json(Self.shown(state.batches[index]))
        }
    }

    // MARK: Words

    /// In both formats at once.
    private static func shown(_ batch: Batch) -> String {
        let open = batch.hasEnded ? "completed" : "in_progress"
        let status = batch.isCancelled ? "cancelled" : batch.isRefused ? "failed" : open
        let errors = batch.isRefused ? #"[{"code": "token_limit_exceeded"}]"# : "[]"
        return #"""
            {"id": "\#(batch.id)", "processing_status": "\#(batch.hasEnded ? "ended" : "in_progress")", \#
            "created_at": "2099-01-01T00:00:00.000000+00:00", "request_counts": {"processing": \#(batch.count)}, \#
            "status": "\#(status)", "output_file_id": "\#(batch.id)", "errors": {"data": \#(errors)}, \#
            "input_file_id": "\#(batch.file ?? "")", \#
            "metadata": {"letta_batch": \#(batch.name.map { "\"\($0)\"" } ?? "null")}}
            """#
    }

    private func line(_ request: (id: String, body: JSONValue)) -> String? {
        let said = Self.said(request.body)
        let outcome = state.withLock { $0.outcomes[said] } ?? .say("batched: \(said)")
        let answer: JSONValue
        switch outcome {
        case .nothing: return nil
        case .fail: answer = .null
        case .say(let text): answer = Self.answer(text: text, to: request.body)
        case .call(let tool, let arguments): answer = Self.answer(tool, arguments, to: request.body)
        }
        let isAnswered = answer != .null
        let line: JSONValue = [
            "custom_id": .string(request.id),
            "result": ["type": isAnswered ? "succeeded" : "errored", "message": answer],
            "response": ["status_code": isAnswered ? 200 : 500, "body": answer],
        ]
        return JSONWriter.string(of: line)
    }

    private static let usage: JSONValue = [
        "input_tokens": 700, "output_tokens": 7, "prompt_tokens": 700, "completion_tokens": 7,
    ]

    /// What marks a response of the Responses API.
    private static func object(_ request: JSONValue) -> JSONValue {
        request["input"] == nil ? "chat.completion" : "response"
    }

    private static func answer(text: String, to request: JSONValue) -> JSONValue {
        [
            "object": object(request),
            "output": [["type": "message", "content": [["type": "output_text", "text": .string(text)]]]],
            "content": [["type": "text", "text": .string(text)]], "stop_reason": "end_turn", "usage": usage,
            "choices": [["finish_reason": "stop", "message": ["role": "assistant", "content": .string(text)]]],
        ]
    }

    private static func answer(_ tool: String, _ arguments: JSONValue, to request: JSONValue) -> JSONValue {
        let function: JSONValue = [
            "name": .string(tool), "arguments": .string(JSONWriter.string(of: arguments)),
        ]
        return [
            "object": object(request),
            "output": [
                [
                    "type": "function_call", "call_id": "call_1", "name": .string(tool),
                    "arguments": .string(JSONWriter.string(of: arguments)),
                ]
            ],
            "content": [["type": "tool_use", "id": "call_1", "name": .string(tool), "input": arguments]],
            "stop_reason": "tool_use", "usage": usage,
            "choices": [
                [
                    "finish_reason": "tool_calls",
                    "message": [
                        "role": "assistant", "content": nil,
                        "tool_calls": [["id": "call_1", "type": "function", "function": function]],
                    ],
                ]
            ],
        ]
    }

    /// The last text that a user said.
    private static func said(_ body: JSONValue) -> String {
        let users = ((body["messages"] ?? body["input"])?.array ?? []).filter { $0["role"] == "user" }
        let texts = users.compactMap { message -> String? in
            message["content"]?.string ?? message["content"]?.array?.last { $0["type"] == "text" }?["text"]?.string
        }
        return texts.last ?? ""
    }

    private static let missing = json(#"{"error": {"message": "no such route"}}"#, status: 404)

    private static func json(_ text: String, status: Int = 200) -> Response {
        respond(text, type: "application/json", status: status)
    }

    private static func respond(_ text: String, type: String, status: Int = 200) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: type],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
