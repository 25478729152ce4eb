import JSON
import LettaAPI
import TestSupport
import Testing

/// What an agent's model sees, and when its system message is made anew.
@Suite(.timeLimit(.minutes(5))) struct AgentContextTests {
    @Test(arguments: Engines.scenarios)
    func `the context window adds up`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let blocks: JSONValue = [["label": "human", "value": "Ann", "limit": 50, "description": "who"]]
            server["agent"] = try await server.newAgent("a", ["system": "Be kind.", "memory_blocks": blocks])
            try await server.run([
                .get(
                    "/v1/agents/{agent}/context", expect: 200,
                    [
                        "context_window_size_max": 128_000, "num_messages": 1, "system_prompt": "Be kind.",
                        "core_memory": .text(containing: "<human>"), "functions_definitions": .elements(3),
                        "messages": [["role": "system", "content": [["text": .text(containing: "Be kind.")]]]],
                        "num_archival_memory": 0, "num_recall_memory": 1,
                    ]),
                .get("/v1/agents/{agent}/context?conversation_id=default", expect: 200),
                .get("/v1/agents/{agent}/context?conversation_id=conv-x", expect: 404),
            ])
            let window = try await server.get("/v1/agents/{agent}/context").json
            let parts = (window.object ?? [:]).filter { $0.key.hasPrefix("num_tokens_") }.compactMap { $0.value.int }
            #expect(parts.count >= 5 && window["num_tokens_functions_definitions"]?.int ?? 0 > 0)
            #expect(window["context_window_size_current"]?.int == parts.reduce(0, +))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the stored message holds system text, blocks and facts`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let blocks: JSONValue = [
                ["label": "human", "value": "Ann", "limit": 50], ["label": "rules", "value": "r", "read_only": true],
            ]
            let agent = try await server.newAgent("a", ["system": "Be kind.", "memory_blocks": blocks])
            let text = try await server.systemMessage(of: agent)
            for piece in [
                "Be kind.", "<memory_blocks>", "<human>", "- chars_current=3", "- chars_limit=50", "Ann", "</human>",
                "- read_only=true", "<memory_metadata>", "AGENT_ID: \(agent)", "UTC+0000",
            ] { #expect(text.contains(piece), "\(piece) is not in\n\(text)") }
            let placed = try await server.newAgent("b", ["system": "A {CORE_MEMORY} Z"])
            let other = try await server.systemMessage(of: placed)
            #expect(other.hasPrefix("A ") && other.hasSuffix(" Z"))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `changes of what it is made from show at once`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent("a", ["memory_blocks": [["label": "human", "value": "Ann"]]])
            let message = try await server.get("/v1/agents/\(agent)").json["message_ids"]
            server["new"] = try await server.newBlock("extra", "seventeen")
            let steps: [(Scenario, there: String, gone: String)] = [
                (.patch("/v1/agents/\(agent)", ["system": "Be brief."], expect: 200), "Be brief.", "{{{"),
                (
                    .patch("/v1/agents/\(agent)/core-memory/blocks/human", ["value": "Bert"], expect: 200), "Bert",
                    "Ann"
                ),
                (.patch("/v1/agents/\(agent)/core-memory/blocks/attach/{new}", expect: 200), "seventeen", "{{{"),
                (.patch("/v1/blocks/{new}", ["value": "eighteen"], expect: 200), "eighteen", "seventeen"),
                (.patch("/v1/blocks/{new}", ["label": "other"], expect: 200), "<other>", "<extra>"),
                (.patch("/v1/agents/\(agent)/core-memory/blocks/detach/{new}", expect: 200), "Bert", "eighteen"),
                (
                    .patch(
                        "/v1/agents/\(agent)",
                        [
                            "tool_rules": [
                                ["type": "run_first", "tool_name": "memory_insert"],
                                ["type": "exit_loop", "tool_name": "memory_replace"],
                            ]
                        ],
                        expect: 200), "<tool_usage_rules>", "{{{"
                ),
                (.patch("/v1/agents/\(agent)", ["block_ids": ["{new}"]], expect: 200), "eighteen", "Bert"),
                (.patch("/v1/agents/\(agent)", ["timezone": "Asia/Tokyo"], expect: 200), "JST+0900", "UTC+0000"),
                (.delete("/v1/blocks/{new}", expect: 200), "<memory_metadata>", "eighteen"),
            ]
            for (row, there, gone) in steps {
                try await server.run(row)
                let text = try await server.systemMessage(of: agent)
                #expect(text.contains(there), "\(there) after \(row.path)\n\(text)")
                #expect(!text.contains(gone), "\(gone) after \(row.path)\n\(text)")
            }
            #expect(try await server.get("/v1/agents/\(agent)").json["message_ids"] == message, "it keeps its id")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `recompiling`(_ engine: TestEngine) async throws {
        let clock = Ticking()
        try await withServer(on: engine, { $0.now = clock.now }) { server in
            let agent = try await server.newAgent("a", ["memory_blocks": [["label": "human", "value": "Ann"]]])
            let stored = try await server.systemMessage(of: agent)
            let path = "/v1/agents/\(agent)/recompile"
            let dry = try await server.send(.post, "\(path)?dry_run=true").json.string ?? ""
            #expect(dry != stored && dry.contains("Ann"), "the time is the present one")
            #expect(try await server.systemMessage(of: agent) == stored, "a dry run stores nothing")
            #expect(try await server.send(.post, path).json.string == stored, "nothing changed, not even the time")
            let renewed = try await server.send(.post, "\(path)?update_timestamp=true").json.string ?? ""
            #expect(renewed != stored)
            #expect(try await server.systemMessage(of: agent) == renewed)
            let alias = try await server.send(.post, "/v1/agents/\(agent)/system-prompt/recompile").json.string
            #expect(alias == renewed)
            #expect(try await server.send(.post, "\(path)?dry_run=maybe").status == 422)
        }
    }
}

/// A clock that is a minute later each time it is asked.
final class Ticking: Sendable {
    private let minutes = Counter()

    var now: @Sendable () -> Timestamp {
        { [minutes] in Timestamp(microseconds: 1_700_000_000_000_000 + minutes.next() * 60_000_000) }
    }
}
