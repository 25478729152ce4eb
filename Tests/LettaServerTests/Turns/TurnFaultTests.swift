import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Models fail in many ways; the agent is never worse for it.
@Suite(.timeLimit(.minutes(5))) struct TurnFaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var play: ScriptedModel.Play
        var status: Int
        var type: String
        var stop = "llm_api_error"
        /// An answer that can't be read is asked for once more, without tools.
        var isAskedAgain = false
        var testDescription: String { name }
    }

    static let faults: [Fault] = [
        Fault(name: "401", play: .fail(.authentication, status: 401), status: 401, type: "llm_authentication"),
        Fault(
            name: "402", play: .fail(.insufficientCredits, status: 402), status: 402,
            type: "llm_insufficient_credits", stop: "insufficient_credits"),
        Fault(name: "403", play: .fail(.permissionDenied, status: 403), status: 500, type: "llm_error"),
        Fault(name: "404", play: .fail(.notFound, status: 404), status: 400, type: "llm_bad_request"),
        Fault(name: "408", play: .fail(.timeout, status: 408), status: 400, type: "llm_bad_request"),
        Fault(name: "deadline", play: .fail(.timeout), status: 500, type: "llm_error"),
        Fault(name: "429", play: .fail(.rateLimited, status: 429), status: 429, type: "llm_rate_limit"),
        Fault(name: "500", play: .fail(.server, status: 500), status: 500, type: "llm_error"),
        Fault(name: "529", play: .fail(.overloaded, status: 529), status: 503, type: "llm_error"),
        Fault(name: "connection", play: .fail(.connection), status: 500, type: "llm_error"),
        Fault(name: "cut", play: .fail(.cut, after: "I was ab"), status: 500, type: "llm_error"),
        Fault(
            name: "invalid answer", play: .fail(.invalidAnswer), status: 500, type: "llm_error",
            stop: "invalid_llm_response", isAskedAgain: true),
    ]

    /// What a model service refuses is not sent for ever.
    static let refusals: [Fault] = [
        Fault(name: "400", play: .fail(.badRequest, status: 400), status: 400, type: "llm_bad_request"),
        Fault(name: "422", play: .fail(.unprocessable, status: 422), status: 500, type: "llm_error"),
    ]

    @Test(arguments: Engines.scenarios, refusals)
    func `a refusal is told and the next turn leaves the message out`(
        _ engine: TestEngine, _ fault: Fault
    ) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(fault.play)
            try await server.say("walrus", to: agent).expect(
                fault.status, ["error": ["type": .string(fault.type), "message": .anything, "detail": .anything]])
            server.model.play(fault.play)
            let events = try await server.stream("two", to: agent)
            #expect(
                events.map(\.type) == [
                    "ping", "user_message", "assistant_message", "stop_reason", "usage_statistics", "[DONE]",
                ])
            #expect(server.model.takeRequests().last?.messages.contains { "\($0)".contains("walrus") } == false)
            try await server.say("three", to: agent).expect(200, ["messages": [["content": "ok"]]])
            #expect(try await server.said(by: agent).first == "user_message: walrus")
        }
    }

    @Test(arguments: Engines.scenarios, faults)
    func `a failure is told and the next message answers`(_ engine: TestEngine, _ fault: Fault) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            fault.isAskedAgain ? server.model.play(fault.play, fault.play) : server.model.play(fault.play)
            try await server.say("one", to: agent).expect(
                fault.status, ["error": ["type": .string(fault.type), "message": .anything, "detail": .anything]])
            #expect(try await server.said(by: agent) == ["user_message: one"])
            fault.isAskedAgain ? server.model.play(fault.play, fault.play) : server.model.play(fault.play)
            let events = try await server.stream("two", to: agent)
            #expect(events.map(\.type) == ["ping", "stop_reason", "error_message", "[DONE]"])
            #expect(events.dropFirst().first?.json["stop_reason"]?.string == fault.stop)
            let error = try #require(events.first { $0.name == "error" })
            #expect(error.json["error_type"]?.string == fault.type)
            #expect(error.json["run_id"]?.string?.hasPrefix("run-") == true)
            try await server.get("/v1/runs/?agent_id=\(agent)").expect(
                200,
                [
                    ["status": "failed", "stop_reason": .string(fault.stop)],
                    ["status": "failed", "stop_reason": .string(fault.stop)],
                ])
            try await server.say("three", to: agent).expect(200, ["messages": [["content": "ok"]]])
            #expect(
                try await server.said(by: agent) == [
                    "user_message: one", "user_message: two", "user_message: three", "assistant_message: ok",
                ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a failure after pieces were seen is told too`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.fail(.cut, after: "I was ab"))
            let events = try await server.stream("one", to: agent, ["stream_tokens": true])
            #expect(events.map(\.type) == ["ping", "assistant_message", "stop_reason", "error_message", "[DONE]"])
            #expect(try await server.said(by: agent) == ["user_message: one"])
            try await server.say("two", to: agent).expect(200)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a failure in the second step keeps the first`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x"]), .fail(.server, status: 500))
            try await server.say("one", to: agent).expect(500, ["error": ["type": "llm_error"]])
            try await server.get("/v1/agents/\(agent)/core-memory/blocks/human").expect(200, ["value": "Ann\nx"])
            #expect(try await server.said(by: agent).count == 3)
            try await server.say("two", to: agent).expect(200)
            #expect(server.model.takeRequests().last?.messages.count == 4)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a tool nobody has and arguments that are none are told to the model`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let calls: [(ScriptedModel.Play, says: String)] = [
                (.call("nope", ["a": 1]), "Cannot call nope"),
                (.call("memory_insert", text: #"{"label": ,,"#), "label"),
                (.call("memory_insert", text: "[1]"), "label"), (.call("memory_insert", text: ""), "label"),
                (.call("memory_insert", ["label": "human", "new_string": ["a"]]), ""),
                (.call("", [:]), "Cannot call"),
            ]
            for (call, says) in calls {
                server.model.play(call, .say("sorry"), call, .say("sorry"))
                try await server.say("one", to: agent).expect(
                    200,
                    [
                        "messages": [
                            .anything, ["message_type": "tool_return_message", "tool_return": .text(containing: says)],
                            ["content": "sorry"],
                        ]
                    ])
                let events = try await server.stream("one", to: agent, ["stream_tokens": true])
                #expect(events.suffix(3).map(\.type) == ["stop_reason", "usage_statistics", "[DONE]"])
            }
            try await server.say("two", to: agent).expect(200, ["messages": [["content": "ok"]]])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an answer without words is asked for once more and then named`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.nothing, .nothing)
            try await server.say("one", to: agent).expect(
                500, ["error": ["type": "llm_error", "detail": .text(containing: "empty answer")]])
            server.model.play(.nothing)
            let events = try await server.stream("two", to: agent)
            #expect(
                events.map(\.type) == ["ping", "assistant_message", "stop_reason", "usage_statistics", "[DONE]"])
            try await server.say("three", to: agent).expect(200)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an answer of ten megabytes is kept whole`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let text = String(repeating: "0123456789", count: 1_000_000)
            server.model.play(.say(text), .say(text))
            let answer = try await server.say("one", to: agent)
            #expect(answer.status == 200)
            #expect(answer.json["messages"]?[0]?["content"]?.string == text)
            let events = try await server.stream("two", to: agent)
            #expect(events.suffix(3).map(\.type) == ["stop_reason", "usage_statistics", "[DONE]"])
            try await server.say("three", to: agent).expect(200)
            #expect(try await server.said(by: agent).map(\.utf8.count).max() ?? 0 > 10_000_000)
        }
    }
}
