import Foundation
import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// A model's service that fails in any way, as it comes over the wire: the status and shape are right, and the next
/// message answers.
@Suite(.timeLimit(.minutes(10))) struct ProviderFaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var reply: FakeOpenAI.Reply
        var status: Int
        var type: String
        var stop = "llm_api_error"
        /// How often the service is asked before it is given up.
        var attempts = 1
        var testDescription: String { name }

        static func refused(_ code: Int, _ status: Int, _ type: String, _ stop: String, attempts: Int = 1) -> Fault {
            let body = #"{"error": {"message": "scripted \#(code)", "type": "scripted", "code": null}}"#
            return Fault(
                name: "\(code)", reply: .json(body, status: code), status: status, type: type, stop: stop,
                attempts: attempts)
        }
    }

    private static let overflow = #"""
        {"error": {"message": "This model's maximum context length is 8192 tokens.", "type": "invalid_request_error",
        "code": "context_length_exceeded"}}
        """#

    static let faults: [Fault] = [
        .refused(400, 400, "llm_bad_request", "llm_api_error"),
        .refused(401, 401, "llm_authentication", "llm_api_error"),
        .refused(402, 402, "llm_insufficient_credits", "insufficient_credits"),
        .refused(403, 500, "llm_error", "llm_api_error"), .refused(404, 400, "llm_bad_request", "llm_api_error"),
        .refused(422, 500, "llm_error", "llm_api_error"),
        .refused(429, 429, "llm_rate_limit", "llm_api_error", attempts: 3),
        .refused(500, 500, "llm_error", "llm_api_error", attempts: 3),
        .refused(503, 503, "llm_error", "llm_api_error", attempts: 3),
        .refused(529, 503, "llm_error", "llm_api_error", attempts: 3),
        Fault(
            name: "context overflow", reply: .json(overflow, status: 400), status: 400, type: "llm_bad_request",
            attempts: 4),
        Fault(
            name: "no answer at all", reply: .events(.cut), status: 500, type: "llm_error", attempts: 3),
        // An answer that can't be read is asked for once more, without tools.
        Fault(
            name: "garbage instead of events", reply: .events(.bytes("data: {\"choices\": [{{\n\n")), status: 500,
            type: "llm_error", stop: "invalid_llm_response", attempts: 2),
        Fault(
            name: "a web page", reply: .events(.bytes("<html>It works!</html>")), status: 500, type: "llm_error",
            attempts: 3),
    ]

    @Test(arguments: Engines.scenarios, faults)
    func `a failure is told in every form, and the next message answers`(
        _ engine: TestEngine, _ fault: Fault
    ) async throws {
        try await withService(on: engine) { service, server in
            let agent = try await server.newAgent()
            service.play(fault.reply)
            try await server.say("one", to: agent).expect(
                fault.status, ["error": ["type": .string(fault.type), "message": .anything, "detail": .anything]])
            #expect(service.received.count == fault.attempts)
            for tokens in [false, true] {
                let events = try await server.stream("two", to: agent, ["stream_tokens": .bool(tokens)])
                expectFailure(events, fault.type, fault.stop)
            }
            try await expectAnswer(service, server, agent, after: 3)
        }
    }

    /// The whole of a plain answer, cut after every byte of it.
    @Test(arguments: Engines.scenarios)
    func `an answer that is cut anywhere is an error or whole, never a part`(_ engine: TestEngine) async throws {
        let whole = Wire.text(["Some ", "words ", "of an answer."])
        let bytes = Array(whole.utf8)
        try await withService(on: engine, retries: 0) { service, server in
            let agent = try await server.newAgent()
            var outcomes: Set<Int> = []
            for (turn, count) in stride(from: 0, to: bytes.count, by: Self.step(on: engine)).enumerated() {
                service.play(.events(.bytes(String(decoding: bytes[..<count], as: UTF8.self)), .cut))
                let answer = try await server.say("one", to: agent)
                outcomes.insert(answer.status)
                if answer.status == 200 {
                    #expect(answer.json["messages"]?[0]?["content"]?.string == "Some words of an answer.", "\(count)")
                } else {
                    #expect(answer.status == 500, "\(count): \(answer.text)")
                    #expect(answer.json["error"]?["type"] == "llm_error", "\(count)")
                }
                for tokens in [false, true] {
                    let events = try await server.stream("two", to: agent, ["stream_tokens": .bool(tokens)])
                    expectEnd(events, isWhole: answer.status == 200, "\(tokens) \(count)")
                }
                // The context is emptied now and then: a sweep is long.
                if turn % 20 == 19 { try await server.send(.patch, "/v1/agents/\(agent)/reset-messages").expect(200) }
            }
            #expect(outcomes == [200, 500], "both were met")
            try await expectAnswer(service, server, agent, after: nil)
            let said = try await server.said(by: agent).filter { $0.hasPrefix("assistant_message") }
            #expect(Set(said) == ["assistant_message: Some words of an answer.", "assistant_message: fine"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a call that is cut anywhere is never run in part`(_ engine: TestEngine) async throws {
        let whole = Wire.call("memory_insert", [#"{"label": "human", "#, #""new_string": "noted"}"#])
        let bytes = Array(whole.utf8)
        try await withService(on: engine, retries: 0) { service, server in
            for count in stride(from: 0, to: bytes.count, by: Self.step(on: engine) * 3) {
                let agent = try await server.newAgent()
                let cut = FakeOpenAI.Reply.events(.bytes(String(decoding: bytes[..<count], as: UTF8.self)), .cut)
                service.play(cut, .events(.bytes(Wire.text(["fine"]))))
                let answer = try await server.say("one", to: agent)
                let value = try await server.get("/v1/agents/\(agent)/core-memory/blocks/human").json["value"]?.string
                #expect(value == (answer.status == 200 ? "Ann\nnoted" : "Ann"), "after \(count) bytes")
                #expect([200, 500].contains(answer.status))
                service.play(.events(.bytes(Wire.text(["fine"]))))
                try await server.say("two", to: agent).expect(200, ["messages": [["content": "fine"]]])
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `unknown tools and arguments that are no JSON are told to the model`(_ engine: TestEngine) async throws {
        try await withService(on: engine) { service, server in
            let agent = try await server.newAgent()
            for call in [
                Wire.call("nope", ["{}"]), Wire.call("memory_insert", ["{\"label\": ,,"]),
                Wire.call("memory_insert", ["[1]"]), Wire.call("memory_insert", [""]),
            ] {
                let replies = [FakeOpenAI.Reply.events(.bytes(call)), .events(.bytes(Wire.text(["sorry"])))]
                service.play(replies[0], replies[1])
                try await server.say("one", to: agent).expect(
                    200,
                    [
                        "messages": [
                            .anything, ["message_type": "tool_return_message", "status": "error"],
                            ["content": "sorry"],
                        ]
                    ])
                for tokens in [false, true] {
                    service.play(replies[0], replies[1])
                    let events = try await server.stream("two", to: agent, ["stream_tokens": .bool(tokens)])
                    #expect(events.suffix(3).map(\.type) == ["stop_reason", "usage_statistics", "[DONE]"])
                    #expect(events.contains { $0.type == "tool_return_message" && $0.json["status"] == "error" })
                }
                // A call without a name is nothing that could be told to anybody.
                service.play(.events(.bytes(Wire.call("", ["{}"]))))
                try await server.say("three", to: agent).expect(500, ["error": ["type": "llm_error"]])
            }
            try await expectAnswer(service, server, agent, after: nil)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an answer without words is asked for once more and then named`(_ engine: TestEngine) async throws {
        try await withService(on: engine) { service, server in
            let agent = try await server.newAgent()
            service.play(.events(.bytes(Wire.text([]))))
            let answer = try await server.say("one", to: agent).expect(500, ["error": ["type": "llm_error"]])
            #expect(answer.json["error"]?["detail"]?.string?.contains("empty answer twice") == true)
            #expect(service.received.count == 2)
            for tokens in [false, true] {
                let events = try await server.stream("two", to: agent, ["stream_tokens": .bool(tokens)])
                expectFailure(events, "llm_error", "invalid_llm_response")
            }
            service.play(.events(.bytes(Wire.text([]))), .events(.bytes(Wire.text(["late"]))))
            try await server.say("three", to: agent).expect(200, ["messages": [["content": "late"]]])
            try await expectAnswer(service, server, agent, after: nil)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an answer of ten megabytes is kept whole`(_ engine: TestEngine) async throws {
        let piece = String(repeating: "0123456789", count: 10_000)
        let whole = Wire.text(Array(repeating: piece, count: 100))
        try await withService(on: engine) { service, server in
            service.play(.events(.bytes(whole)))
            let first = try await server.newAgent()
            let answer = try await server.say("one", to: first)
            #expect(answer.status == 200 && answer.json["messages"]?[0]?["content"]?.string?.utf8.count == 10_000_000)
            for tokens in [false, true] {
                let agent = try await server.newAgent()
                let events = try await server.stream("two", to: agent, ["stream_tokens": .bool(tokens)])
                let size = events.compactMap { $0.json["content"]?.string?.utf8.count }.reduce(0, +)
                #expect(size == 10_000_000)
                #expect(events.suffix(3).map(\.type) == ["stop_reason", "usage_statistics", "[DONE]"])
            }
            service.play(.events(.bytes(Wire.text(["fine"]))))
            try await server.say("last", to: first).expect(200, ["messages": [["content": "fine"]]])
        }
    }

    /// A service that falls silent, before its first byte or later, is given up when the deadline passes.
    @Test(arguments: Engines.scenarios, [false, true])
    func `a silence ends at the deadline`(_ engine: TestEngine, _ hasBegun: Bool) async throws {
        let clock = ManualClock()
        let begun = FakeOpenAI.Reply.events(.bytes(Wire.chunk(#"{"content": "I "}"#)), .hang)
        let deadlines = ProviderDeadlines(firstByte: .seconds(3_600), betweenBytes: .seconds(60))
        let deadline = hasBegun ? deadlines.betweenBytes : deadlines.firstByte
        let reply = hasBegun ? begun : .events(.hang)
        try await withService(on: engine, retries: 0, deadlines: deadlines, clock: clock) { service, server in
            let agent = try await server.newAgent()
            service.play(reply)
            var silences = service.silences.makeAsyncIterator()
            for form in ["messages", "steps", "tokens"] {
                async let answer = server.send(
                    .post, "/v1/agents/\(agent)/messages\(form == "messages" ? "" : "/stream")",
                    ["input": "one", "stream_tokens": form == "tokens" ? true : nil])
                _ = await silences.next()
                await clock.waitForSleeper(dueWithin: deadline)
                clock.advance(by: deadline)
                let told = try await answer
                if form == "messages" {
                    told.expect(500, ["error": ["type": "llm_error"]])
                } else {
                    #expect(told.status == 200 && told.text.contains(#""error_type":"llm_error""#))
                    #expect(told.text.hasSuffix("data: [DONE]\n\n"))
                }
            }
            service.play(.events(.bytes(Wire.text(["fine"]))))
            try await server.say("last", to: agent).expect(200, ["messages": [["content": "fine"]]])
        }
    }
}

// MARK: What is looked for

extension ProviderFaultTests {
    /// Every byte in the long run; between them a number that meets every kind of place.
    private static func step(on engine: TestEngine) -> Int {
        if ProcessInfo.processInfo.environment["LETTA_LONG_TESTS"] == "yes" { return 1 }
        return engine == .sqlite ? 7 : 41
    }

    private func withService(
        on engine: TestEngine, retries: Int = 2, deadlines: ProviderDeadlines = ProviderDeadlines(),
        clock: any Clock<Duration> = ContinuousClock(),
        _ body: (FakeOpenAI, TestServer) async throws -> Void
    ) async throws {
        let models = #"{"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model"}]}"#
        try await FakeOpenAI.serving(.json("{}", status: 500), models: models) { service in
            let provider = service.provider(maximumRetries: retries, deadlines: deadlines, clock: clock)
            try await withServer(on: engine, { $0.provider = provider }) { server in try await body(service, server) }
        }
    }

    private func expectFailure(_ all: [StreamedEvent], _ type: String, _ stop: String) {
        // Without the summary that a refusal of the length leaves.
        let events = all.filter { $0.type != "user_message" }
        #expect(events.map(\.type) == ["ping", "stop_reason", "error_message", "[DONE]"])
        #expect(events.dropFirst().first?.json["stop_reason"]?.string == stop)
        let error = events.first { $0.name == "error" }?.json
        #expect(error?["error_type"]?.string == type)
        #expect(error?["run_id"]?.string?.hasPrefix("run-") == true)
    }

    private func expectEnd(_ events: [StreamedEvent], isWhole: Bool, _ note: Comment) {
        let last = isWhole ? "usage_statistics" : "error_message"
        #expect(events.suffix(3).map(\.type) == ["stop_reason", last, "[DONE]"], note)
        #expect(events.contains { $0.name == "error" } == !isWhole, note)
    }

    /// The service works again: the agent answers, and nothing that was said to it is lost.
    private func expectAnswer(
        _ service: FakeOpenAI, _ server: TestServer, _ agent: String, after count: Int?
    ) async throws {
        service.play(.events(.bytes(Wire.text(["fine"]))))
        try await server.say("last", to: agent).expect(200, ["messages": [["content": "fine"]]])
        let said = try await server.said(by: agent).filter { !$0.contains("system_alert") }
        if let count { #expect(said.count == count + 2) }
        #expect(said.suffix(2) == ["user_message: last", "assistant_message: fine"])
    }
}

/// Streamed chat completions as a service writes them.
private enum Wire {
    static func chunk(_ delta: String, finish: String = "null") -> String {
        #"data: {"choices": [{"index": 0, "delta": \#(delta), "finish_reason": \#(finish)}]}"# + "\n\n"
    }

    static func text(_ pieces: [String]) -> String {
        let chunks = pieces.map { chunk(#"{"content": \#(quoted($0))}"#) }
        return chunk(#"{"role": "assistant", "content": ""}"#) + chunks.joined() + ending("stop")
    }

    static func call(_ tool: String, _ arguments: [String]) -> String {
        let start = chunk(
            #"{"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": \#(quoted(tool)), "arguments": ""}}]}"#)
        let rest = arguments.map { piece in
            chunk(#"{"tool_calls": [{"index": 0, "function": {"arguments": \#(quoted(piece))}}]}"#)
        }
        return start + rest.joined() + ending("tool_calls")
    }

    private static func ending(_ reason: String) -> String {
        chunk("{}", finish: quoted(reason))
            + #"data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}"# + "\n\n"
            + "data: [DONE]\n\n"
    }

    private static func quoted(_ text: String) -> String { JSONWriter.string(of: JSONValue.string(text)) }
}
