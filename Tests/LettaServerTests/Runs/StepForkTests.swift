import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// A conversation can begin with what a past step was told.
@Suite(.timeLimit(.minutes(5))) struct StepForkTests {
    /// Three turns, the second one with a call; the ids of the steps, oldest first.
    private static func talk(_ server: TestServer, in conversation: String? = nil) async throws -> [String] {
        server.model.play(
            .say("one"), .call("memory_insert", ["label": "human", "new_string": "x"]), .say("two"), .say("three"))
        for text in ["First", "Second", "Third"] {
            if let conversation {
                try await server.say(text, in: conversation).expect(200)
            } else {
                try await server.say(text, to: server["agent"]).expect(200)
            }
        }
        _ = server.model.takeRequests()
        return try await server.get("/v1/steps/?order=asc&agent_id=\(server["agent"])").ids
    }

    /// What a model is told of the conversation, without the system message.
    private static func told(_ server: TestServer, in conversation: String) async throws -> [String] {
        _ = server.model.takeRequests()
        try await server.say("Anew", in: conversation).expect(200)
        return try #require(server.model.takeRequests().first).messages
    }

    private static func fork(_ step: String, _ server: TestServer) async throws -> String {
        try await server.send(.post, "/v1/steps/\(step)/fork").expect(200, ["agent_id": .string(server["agent"])]).id
    }

    private func withAgent(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent("Ada", ["memory_blocks": [["label": "human", "value": "Ann"]]])
            try await body(server)
        }
    }

    @Test(arguments: Engines.all)
    func `a fork begins with what the step was told`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            let steps = try await Self.talk(server)
            try #require(steps.count == 4)
            let other = try await server.addOrganization()
            server["fork"] = try await Self.fork(steps[2], server)
            server["first"] = try await Self.fork(steps[0], server)
            try await server.restart()
            let said = try await server.said(in: server["fork"])
            #expect(said.map { $0.prefix { $0 != ":" } }.contains("tool_return_message"))
            #expect(said.contains("user_message: Second") && !said.contains("assistant_message: two"))
            #expect(try await server.said(in: server["first"]) == ["user_message: First"])
            let told = try await Self.told(server, in: server["fork"])
            #expect(told.contains { $0.contains("Second") } && told.last?.contains("Anew") == true)
            #expect(!told.contains { $0.contains("Third") || $0.contains("two") })
            #expect(
                try await server.said(by: server["agent"]).contains("assistant_message: three"), "the agent's own stays"
            )
            try await server.run([
                .post("/v1/steps/\(steps[2])/fork", as: other, expect: 404),
                .post("/v1/steps/step-\(nobody)/fork", expect: 404),
                .post("/v1/steps/x/fork", expect: 422),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `what left the context since is in the fork`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            let steps = try await Self.talk(server)
            for summary in ["They spoke.", "They spoke again."] {
                server.model.play(.say(summary))
                let settings: JSONValue = ["compaction_settings": ["mode": "all"]]
                try await server.send(.post, "/v1/agents/{agent}/summarize", settings).expect(200)
                server.model.play(.say("later"))
                try await server.say("After \(summary)", to: server["agent"]).expect(200)
            }
            let later = try await server.get("/v1/steps/?order=asc&agent_id={agent}").ids
            try await server.send(.patch, "/v1/agents/{agent}/reset-messages", [:]).expect(200)
            try await server.restart()
            let old = try await Self.told(server, in: try await Self.fork(steps[3], server))
            #expect(old.contains { $0.contains("First") } && old.contains { $0.contains("Third") })
            #expect(!old.contains { $0.contains("They spoke") })
            let between = try await Self.told(server, in: try await Self.fork(later[4], server))
            #expect(between.first?.contains("They spoke.") == true, "\(between)")
            #expect(!between.contains { $0.contains("First") || $0.contains("again") })
            let last = try await Self.told(server, in: try await Self.fork(later[5], server))
            #expect(last.first?.contains("They spoke again.") == true, "\(last)")
            #expect(!last.contains { $0.contains("They spoke.") && !$0.contains("After") })
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a step of a conversation is forked with its blocks`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            server["talk"] = try await server.newConversation(
                with: server["agent"], ["isolated_block_labels": ["human"]])
            let steps = try await Self.talk(server, in: server["talk"])
            server.model.play(.say("They spoke."))
            try await server.send(
                .post, "/v1/conversations/{talk}/compact", ["compaction_settings": ["mode": "all"]]
            ).expect(200)
            server["fork"] = try await Self.fork(steps[3], server)
            let fork = try await server.get("/v1/conversations/{fork}").expect(200)
            #expect(fork.json["isolated_block_ids"]?.array?.count == 1)
            #expect(try await server.said(in: server["fork"]).contains("user_message: Third"))
            #expect(try await !server.said(in: server["fork"]).contains("assistant_message: three"))
            try await server.send(.delete, "/v1/conversations/{talk}").expect(200)
            try await server.run([.post("/v1/steps/\(steps[3])/fork", expect: 409)])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `where it is not known what was there, nothing is made up`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server in
            let steps = try await Self.talk(server)
            try await server.storage.write { db in
                // As an earlier version left it, and a migration found it.
                _ = try db.execute(
                    """
                    UPDATE message SET context_position = NULL, left_position = -(
                        SELECT next_message_position FROM agent
                        WHERE agent.organization_id = message.organization_id AND agent.id = message.agent_id)
                    WHERE position = 1
                    """)
            }
            try await server.run([.post("/v1/steps/\(steps[2])/fork", expect: 409)])
            try await server.say("Fourth", to: server["agent"]).expect(200)
            let newest = try #require(try await server.get("/v1/steps/?agent_id={agent}").ids.first)
            let said = try await server.said(in: try await Self.fork(newest, server))
            #expect(said.contains("user_message: Fourth") && !said.contains("user_message: First"))
            try await server.storage.write { db in
                _ = try db.execute("UPDATE message SET step_id = NULL WHERE step_id = \(newest)")
            }
            try await server.run([
                .post("/v1/steps/\(newest)/fork", expect: 409, ["detail": .text(containing: "no message")])
            ])
        }
    }
}
