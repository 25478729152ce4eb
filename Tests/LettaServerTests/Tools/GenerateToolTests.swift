import JSON
import LettaAPI
import TestSupport
import Testing

/// Tools that a model writes.
@Suite(.timeLimit(.minutes(2))) struct GenerateToolTests {
    private static let path = "/v1/tools/generate-tool"
    private static let body: JSONValue = [
        "tool_name": "add", "prompt": "Add.", "handle": "openai-proxy/gpt-4o-mini", "validation_errors": ["was bad"],
    ]

    @Test func `a model's source becomes a tool that is not stored`() async throws {
        let source = ToolTests.source().string ?? ""
        try await withServer(on: .sqlite) { server in
            server.model.play(
                .say("```python\ndef add(a):\n    return a\n```"),
                .say("Here:\n```python\n\(source)```\n```json\n{\"a\": 1, \"b\": 2}\n```"))
            try await server.run([
                .post(
                    Self.path, Self.body, expect: 200,
                    [
                        "sample_args": ["a": 1, "b": 2], "response": .text(containing: "Here:"),
                        "tool": ["name": "add", "json_schema": ["parameters": ["required": ["a"]]]],
                    ]),
                .get("/v1/tools/?tool_types=custom", expect: 200, []),
            ])
            let asked = server.model.takeRequests().map { $0.messages.last ?? "" }
            #expect(asked.count == 2 && asked[0].contains("was bad"))
            #expect(asked[1].contains("missing docstring"), "the model reads what was wrong: \(asked)")
        }
    }

    @Test func `what is no tool is refused`() async throws {
        try await withServer(on: .sqlite) { server in
            server.model.play(.say("I can't."), .say("I can't."))
            try await server.run([
                .post(Self.path, Self.body, expect: 400, ["detail": .text(containing: "no ```python block")]),
                .post(
                    Self.path,
                    ["tool_name": "x", "prompt": "make x", "handle": "nobody/nothing", "validation_errors": []],
                    expect: 404,
                    ["detail": .text(containing: "NOT_FOUND: Handle nobody/nothing not found")]),
                .post(Self.path, ["tool_name": "x"], expect: 422).field("prompt"),
            ])
        }
    }
}
