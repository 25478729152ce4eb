import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// What clients may ask of a turn.
@Suite(.timeLimit(.minutes(5))) struct TurnRequestTests {
    @Test(arguments: Engines.scenarios)
    func `an empty message names its field`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let bodies: [(JSONValue, field: String)] = [
                (["input": ""], "input"), (["input": []], "input"), (["messages": []], "messages"),
            ]
            for (body, field) in bodies {
                for path in ["messages", "messages/stream", "messages/async"] {
                    let answer = try await server.send(.post, "/v1/agents/\(agent)/\(path)", body).expect(422)
                    #expect(answer.text.contains("('body', '\(field)')"), "\(body): \(answer.text)")
                }
            }
            #expect(server.model.takeRequests().isEmpty)
            try await server.get("/v1/runs/").expect(200, [])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an old client that asks for a stream learns where it is`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let body: JSONValue = ["input": "Hi", "streaming": true]
            try await server.send(.post, "/v1/agents/\(agent)/messages", body, as: .legacy).expect(
                422, ["detail": .text(containing: "Use POST /v1/agents/\(agent)/messages/stream.")])
            let stream = try await server.send(.post, "/v1/agents/\(agent)/messages/stream", body, as: .legacy)
            #expect(stream.status == 200 && stream.text.hasSuffix("data: [DONE]\n\n"))
        }
    }

    @Test func `the trace of a long request keeps its end`() {
        let text = String(repeating: "x", count: 5_000)
        let messages = (0..<100).map { ModelMessage.user([.text("\($0) \(text)")]) }
        let short = ModelRequest(model: "m", messages: [.system("You are Ada.")] + messages.prefix(40))
        let long = ModelRequest(model: "m", messages: [.system("You are Ada.")] + messages)
        let time = Timestamp(microseconds: 0)
        let whole = TraceText.trace(short, nil, id: ID("t"), step: ID("s"), at: time).request
        #expect(whole.text == RawJSON(short.payload).text, "what fits is kept as it is")
        let cut = TraceText.trace(long, nil, id: ID("t"), step: ID("s"), at: time).request.text
        #expect(cut.utf8.count <= 256 * 1_024)
        #expect(cut.contains("You are Ada.") && cut.contains("99 xxx") && !cut.contains("10 xxx"))
        #expect(cut.contains("earlier messages are not kept in this trace"))
    }
}
