import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// What a model was told in a step can be read afterwards, by parts.
@Suite(.timeLimit(.minutes(5))) struct StepContextTests {
    @Test(arguments: Engines.scenarios)
    func `a step shows what its model saw`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(
                "ann", ["memory_blocks": [["label": "human", "value": "Likes </memory_blocks> tea"]]])
            try await server.say("Hello there", to: agent).expect(200)
            server["block"] = try #require(
                try await server.get("/v1/agents/\(agent)/core-memory/blocks").json[0]?["id"]?.string)
            server["step"] = try #require(try await server.get("/v1/steps/").ids.first)
            try await server.run([.patch("/v1/blocks/{block}", ["value": "Likes coffee"], expect: 200)])
            try await server.restart()
            let seen = try await server.get("/v1/steps/{step}/context").expect(
                200,
                ["step_id": .string(server["step"]), "agent_id": .string(agent), "context_window_size_max": .anything])
            let parts = try #require(seen.json["parts"]?.array)
            let names = parts.compactMap { $0["name"]?.string }
            #expect(
                names == [
                    "system_prompt", "tools", "memory_blocks", "tool_rules", "directories", "metadata", "messages",
                ])
            let text = { (name: String) -> String in
                parts.first(where: { $0["name"]?.string == name })?["text"]?.string ?? ""
            }
            #expect(
                text("memory_blocks").contains("Likes </memory_blocks> tea") && text("messages").contains("Hello there")
            )
            #expect(!text("system_prompt").contains("Likes") && text("metadata").hasPrefix("<memory_metadata>"))
            #expect(
                text("memory_blocks").hasPrefix("<memory_blocks>\n")
                    && text("memory_blocks").hasSuffix("</memory_blocks>"))
            #expect(parts.allSatisfy { ($0["tokens"]?.int ?? -1) >= 0 })
            let other = try await server.addOrganization()
            try await server.storage.write { db in _ = try db.execute("DELETE FROM provider_trace") }
            try await server.run([
                .get("/v1/steps/{step}/context", as: other, expect: 404),
                .get("/v1/steps/step-\(nobody)/context", expect: 404),
                .get("/v1/steps/{step}/context", expect: 404, ["detail": .text(containing: "TRACE_RETENTION")]),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `a step names those beside it in its conversation`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let talk = try await server.send(.post, "/v1/conversations/?agent_id=\(agent)", [:]).expect(200).id
            for text in ["one", "elsewhere", "two", "three"] {
                let path = text == "elsewhere" ? "/v1/conversations/\(talk)" : "/v1/agents/\(agent)"
                try await server.send(
                    .post, "\(path)/messages", ["messages": [["role": "user", "content": .string(text)]]]
                ).expect(200)
            }
            let own = try await server.get("/v1/steps/?conversation_id=default&order=asc").ids
            let others = try await server.get("/v1/steps/?conversation_id=\(talk)").ids
            try #require(own.count == 3 && others.count == 1)
            func place(_ number: Int, of count: Int, _ before: String?, _ after: String?) -> JSONValue {
                [
                    "number": .int(Int64(number)), "count": .int(Int64(count)),
                    "previous_step_id": before.map { .string($0) } ?? .null,
                    "next_step_id": after.map { .string($0) } ?? .null,
                ]
            }
            try await server.run([
                .get("/v1/steps/\(own[0])/context", expect: 200, place(1, of: 3, nil, own[1])),
                .get("/v1/steps/\(own[1])/context", expect: 200, place(2, of: 3, own[0], own[2])),
                .get("/v1/steps/\(own[2])/context", expect: 200, place(3, of: 3, own[1], nil)),
                .get("/v1/steps/\(others[0])/context", expect: 200, place(1, of: 1, nil, nil)),
            ])
        }
    }
}
