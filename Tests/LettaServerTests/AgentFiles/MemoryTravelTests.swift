import JSON
import LettaAPI
import TestSupport
import Testing

/// What agents remember beside their blocks travels in their files: archival memory, conversations, identities, skills.
@Suite(.timeLimit(.minutes(2))) struct MemoryTravelTests {
    /// The file without what differs with ids and times alone.
    private func settled(_ file: JSONValue) throws -> String {
        guard var object = file.object else { return "" }
        object["created_at"] = nil
        return JSONWriter.string(of: JSONValue.object(object))
            .replacing(#/AGENT_ID: agent-[0-9a-f-]+/#, with: "AGENT_ID: x")
            .replacing(#/<memory_metadata>.*?</memory_metadata>/#, with: "")
    }

    private func seed(_ server: TestServer) async throws -> String {
        let identity = try await server.send(
            .post, "/v1/identities/",
            [
                "identifier_key": "ann", "name": "Ann", "identity_type": "user",
                "properties": [["key": "age", "value": 41, "type": "number"]],
            ])
        let agent = try await server.newAgent([
            "memory_blocks": [["label": "human", "value": "Ann"], ["label": "mood", "value": "calm"]],
            "identity_ids": [.string(identity.id)],
        ])
        for text in ["Noor is moving to Utrecht", "The code is 4711"] {
            try await server.send(
                .post, "/v1/agents/\(agent)/archival-memory",
                ["text": .string(text), "tags": ["b", "a"], "created_at": "2025-03-04T05:06:07Z"]
            ).expect(200)
        }
        server.model.play(.say("Hello"))
        try await server.say("Hi", to: agent).expect(200)
        let conversation = try await server.send(
            .post, "/v1/conversations/?agent_id=\(agent)",
            ["summary": "Whispers", "isolated_block_labels": ["mood"]])
        server.model.play(.say("What?"))
        try await server.send(
            .post, "/v1/conversations/\(conversation.id)/messages",
            ["messages": [["role": "user", "content": "Psst"]], "streaming": false]
        ).expect(200)
        return agent
    }

    @Test(arguments: Engines.all)
    func `memory, conversations, identities and skills arrive`(_ engine: TestEngine) async throws {
        let first = try await withServer(on: engine) { server in
            let agent = try await seed(server)
            let skills: JSONValue = ["skills": [["name": "knit", "files": ["SKILL.md": "Knit."]]]]
            let file = try await server.send(.post, "/v1/agents/\(agent)/export", skills).expect(200).json
            #expect(file["archives"]?[0]?["passages"]?.array?.count == 2)
            #expect(file["agents"]?[0]?["conversations"]?[0]?["messages"]?.array?.count == 3, "\(file)")
            #expect(file["identities"]?[0]?["identifier_key"] == "ann")
            return file
        }
        try await withServer(on: engine) { server in
            let preview = try await server.importFile(first, query: "?preview=true").expect(200).json["preview"]
            #expect(preview?["passages"] == 2 && preview?["conversations"] == 1 && preview?["identities"] == ["ann"])
            let agent = try await server.imported(first, ["append_copy_suffix": "false"])[0]
            try await server.restart()
            let second = try await server.exported(agent)
            #expect(try settled(second) == settled(first))
            let found = try await server.send(
                .post, "/v1/passages/search", ["query": "Utrecht", "agent_id": .string(agent)])
            #expect(found.json.array?.count == 1, "\(found.text)")
            let conversation = try await server.get("/v1/conversations/?agent_id=\(agent)").json[0]
            #expect(conversation?["summary"] == "Whispers" && conversation?["isolated_block_ids"]?.array?.count == 1)
            server.model.play(.say("Again?"))
            try await server.send(
                .post, "/v1/conversations/\(conversation?["id"]?.string ?? "")/messages",
                ["messages": [["role": "user", "content": "Once more"]], "streaming": false]
            ).expect(200)
            let asked = try #require(server.model.takeRequests().last)
            #expect(asked.messages.contains { $0.contains("Psst") }, "\(asked.messages)")
            try await server.get("/v1/identities/?identifier_key=ann").expect(200, .elements(1))
            // A second import finds the identity by its key.
            _ = try await server.imported(first)
            try await server.get("/v1/identities/?identifier_key=ann").expect(200, .elements(1))
            let bare = try await server.imported(first, ["strip_messages": "true"])[0]
            try await server.get("/v1/conversations/?agent_id=\(bare)").expect(200, .elements(0))
        }
    }

    @Test func `calls that wait in an imported agent are in the list of approvals`() async throws {
        let call: JSONValue = ["id": "call_1", "type": "function", "function": ["name": "add", "arguments": "{}"]]
        let file = AgentFileSample.file(
            messages: [
                AgentFileSample.message(0, "system", "s"), AgentFileSample.message(1, "user", "add"),
                AgentFileSample.message(2, "approval", AgentFileSample.text("so"), ["tool_calls": [call]]),
            ], context: ["message-0", "message-1", "message-2"], agent: ["tool_ids": ["tool-0"]],
            ["tools": [.object(AgentFileSample.addTool)]])
        try await withServer(on: .sqlite) { server in
            let agent = try await server.imported(file)[0]
            try await server.restart()
            try await server.get("/v1/approvals/?agent_id=\(agent)").expect(
                200, [["tool_calls": [["name": "add", "tool_call_id": "call_1"]]]])
        }
    }

    @Test func `parts that are not valid are refused with their place`() async throws {
        let cases: [(JSONObject, JSONObject, String)] = [
            (["archive_ids": ["archive-9"]], [:], "agents.0.archive_ids.0"),
            ([:], ["archives": [["id": "archive-0"]]], "archives.0.name"),
            (
                [:],
                ["identities": [["id": "identity-0", "identifier_key": "k", "name": "n", "identity_type": "king"]]],
                "identities.0.identity_type"
            ),
            (
                ["conversations": [["id": "c", "messages": [], "in_context_message_ids": ["message-1"]]]], [:],
                "agents.0.conversations.0.in_context_message_ids.0"
            ),
            (
                [
                    "conversations": [
                        [
                            "id": "c", "messages": [], "in_context_message_ids": [],
                            "isolated_blocks": [["label": "a", "block_id": "block-9"]],
                        ]
                    ]
                ],
                [:], "agents.0.conversations.0.isolated_blocks.0"
            ),
            ([:], ["skills": [["name": "a"], ["name": "a"]]], "skills.1.name"),
        ]
        try await withServer(on: .sqlite) { server in
            for (agent, others, place) in cases {
                let answer = try await server.importFile(AgentFileSample.file(agent: agent, others))
                #expect(answer.status == 400 && answer.text.contains(place), "\(place): \(answer.text)")
            }
            let bare = try await server.send(.post, "/v1/agents/import", [:])
            #expect((400..<500).contains(bare.status), "\(bare.text)")
            try await server.get("/v1/agents/").expect(200, .elements(0))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the files of an imported folder are divided into passages again`(_ engine: TestEngine) async throws {
        let text = (1...200).map { "Line \($0) tells of zebra\($0)." }.joined(separator: "\n")
        let first = try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let folder = try await server.send(.post, "/v1/folders/", ["name": "zoo"]).expect(200).id
            let file = try await server.upload("zebras.txt", Array(text.utf8), to: folder).json["id"]?.string ?? ""
            _ = try await server.readFile(file, in: folder)
            try await server.send(.patch, "/v1/agents/\(agent)/folders/attach/\(folder)").expect(200)
            return try await server.exported(agent)
        }
        #expect(first["files"]?[0]?["processing_status"] == "completed")
        try await withServer(on: engine) { server in
            let (agent, status) = try await server.importedWhileStopped(first)
            #expect(status == .pending, "it has no passages yet")
            let (folder, file) = try await server.importedFile(of: agent)
            #expect(try await server.readFile(file, in: folder)["processing_status"] == "completed")
            let passages = try await server.get("/v1/folders/\(folder)/passages?limit=1000").json.array ?? []
            #expect(passages.count > 1)
            let texts = passages.compactMap { $0["text"]?.string }
            #expect(texts.contains { $0.contains("zebra1.") } && texts.contains { $0.contains("zebra200") }, "\(texts)")
            #expect(try await server.exported(agent)["files"]?[0]?["content"] == first["files"]?[0]?["content"])
        }
    }
}
