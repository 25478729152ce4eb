import JSON
import LettaAPI
import TestSupport
import Testing

/// Log probabilities of what the model said.
@Suite(.timeLimit(.minutes(2))) struct LogprobTests {
    private static func events(_ events: String...) -> FakeOpenAI.Reply {
        .events(.bytes(events.map { "data: \($0)\n\n" }.joined()))
    }

    private static let chatEvents = events(
        #"""
        {"choices": [{"index": 0, "delta": {"content": "hel"}, "logprobs": {"content": \#
        [{"token": "hel", "bytes": null, "logprob": -0.5, "top_logprobs": []}]}}]}
        """#,
        #"""
        {"choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": "stop", "logprobs": {"content": \#
        [{"token": "lo", "bytes": null, "logprob": -0.25, "top_logprobs": [{"token": "p", "logprob": -3}]}]}}]}
        """#, "[DONE]")

    private static let responseEvents = events(
        #"""
        {"type": "response.output_text.delta", "output_index": 0, "delta": "hel", "logprobs": \#
        [{"token": "hel", "logprob": -0.5, "top_logprobs": []}]}
        """#,
        #"""
        {"type": "response.output_text.delta", "output_index": 0, "delta": "lo", "logprobs": \#
        [{"token": "lo", "logprob": -0.25, "top_logprobs": []}]}
        """#,
        #"{"type": "response.completed", "response": {"output": [], "usage": {"input_tokens": 1, "output_tokens": 2}}}"#
    )

    private func newAgent(_ kind: String, _ fake: FakeOpenAI, _ fields: JSONObject = [:], on server: TestServer)
        async throws -> String
    {
        var config: JSONObject = [
            "model": "m", "model_endpoint_type": .string(kind), "model_endpoint": .string(fake.baseURL),
            "context_window": 50_000,
        ]
        for (key, value) in fields { config[key] = value }
        return try await server.newAgent(["model": .null, "llm_config": .object(config)])
    }

    @Test(arguments: [("openai", chatEvents), ("openai_responses", responseEvents)])
    private func `those of the last call come with the answer, where they are asked for`(
        _ kind: String, _ reply: FakeOpenAI.Reply
    ) async throws {
        try await FakeOpenAI.serving(reply) { fake in
            try await withServer(on: .sqlite) { server in
                let agent = try await newAgent(kind, fake, on: server)
                try await server.say("Hi", to: agent).expect(200, ["logprobs": nil])
                #expect(fake.received.last?.body["top_logprobs"] == nil && fake.received.last?.body["logprobs"] == nil)
                let answer = try await server.say("Hi", to: agent, ["return_logprobs": true, "top_logprobs": 2])
                answer.expect(
                    200,
                    [
                        "messages": [["content": "hello"]],
                        "logprobs": [
                            "refusal": nil,
                            "content": [["token": "hel", "logprob": -0.5], ["token": "lo", "logprob": -0.25]],
                        ],
                    ])
                #expect(fake.received.last?.body["top_logprobs"] == 2)
                let step = answer.json["messages"]?[0]?["step_id"]?.string ?? ""
                let trace = try await server.get("/v1/steps/\(step)/trace")
                #expect(
                    trace.json["response_json"]?["choices"]?[0]?["logprobs"]?["content"]?[1]?["token"] == "lo",
                    "\(trace.text)")
            }
        }
    }

    @Test func `an agent may ask for them always`() async throws {
        try await FakeOpenAI.serving(Self.chatEvents) { fake in
            try await withServer(on: .sqlite) { server in
                let agent = try await newAgent(
                    "openai", fake, ["return_logprobs": true, "top_logprobs": 1], on: server)
                try await server.restart()
                try await server.say("Hi", to: agent).expect(
                    200, ["logprobs": ["content": [["token": "hel"], ["token": "lo"]]]])
                #expect(fake.received.last?.body["top_logprobs"] == 1)
            }
        }
    }

    @Test func `a number that can't be is refused, and a service that tells none is asked without`() async throws {
        let refusal = FakeOpenAI.Reply.json(
            #"{"error": {"message": "Unsupported parameter: 'logprobs'", "param": "logprobs"}}"#, status: 400)
        try await FakeOpenAI.serving(refusal, Self.chatEvents) { fake in
            try await withServer(on: .sqlite) { server in
                let agent = try await newAgent("openai", fake, on: server)
                for number in [-1, 21] {
                    let body: JSONObject = ["return_logprobs": true, "top_logprobs": .int(Int64(number))]
                    let answer = try await server.say("Hi", to: agent, body).expect(422)
                    #expect(answer.text.contains("('body', 'top_logprobs')"), "\(answer.text)")
                }
                #expect(fake.received.isEmpty)
                try await server.say("Hi", to: agent, ["return_logprobs": true]).expect(
                    200, ["messages": [["content": "hello"]]])
                #expect(fake.received.map { $0.body["logprobs"] } == [true, nil])
            }
        }
    }
}
