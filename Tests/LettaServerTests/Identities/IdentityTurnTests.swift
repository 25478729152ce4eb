import JSON
import LettaAPI
import TestSupport
import Testing

/// The blocks of the identity that speaks are in the context of its turn, and of no other.
@Suite(.timeLimit(.minutes(5))) struct IdentityTurnTests {
    /// Creates an identity with a block and returns the ids of both.
    private func newUser(
        _ key: String, _ value: String, label: String = "user", on server: TestServer
    ) async throws -> (identity: String, block: String) {
        let block = try await server.newBlock(label, value)
        let body: JSONValue = [
            "identifier_key": .string(key), "name": .string(key), "identity_type": "user",
            "block_ids": [.string(block)],
        ]
        return (try await server.send(.post, "/v1/identities/", body).expect(200).id, block)
    }

    @Test(arguments: Engines.all)
    func `a message names the one who speaks by id or key`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let other = try await server.addOrganization()
            let agent = try await server.newAgent()
            let (ann, _) = try await newUser("ann", "likes tea", on: server)
            _ = try await newUser("bob", "likes rain", on: server)
            for (name, seen) in [(ann, "likes tea"), ("bob", "likes rain"), ("ann", "likes tea")] {
                try await server.say("hello", to: agent, ["identity_id": .string(name)]).expect(200)
                let system = server.model.takeRequests().last?.system ?? ""
                for text in ["likes tea", "likes rain"] {
                    #expect(system.contains(text) == (text == seen), "\(name): \(text)")
                }
            }
            let message: JSONValue = ["role": "user", "content": "hello", "identity_id": "bob"]
            let body: JSONValue = ["messages": [message]]
            try await server.send(.post, "/v1/agents/\(agent)/messages", body).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("likes rain") == true)
            try await server.say("hello", to: agent).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("likes") == false)
            #expect(try await !server.systemMessage(of: agent).contains("likes"))
            try await server.say("hello", to: agent, ["identity_id": "nobody"]).expect(
                404, ["detail": .text(containing: "Identity 'nobody' not found")])
            try await server.say("hello", to: agent, ["identity_id": .string("identity-\(nobody)")]).expect(404)
            try await server.send(.post, "/v1/agents/\(agent)/messages/async", ["input": "x", "identity_id": "nobody"])
                .expect(404)
            let two: JSONValue = ["messages": [message], "identity_id": "ann"]
            #expect(try await server.send(.post, "/v1/agents/\(agent)/messages", two).names("identity_id"))
            // Another organization's identity with the key is not seen.
            let theirs = try await server.send(.post, "/v1/agents/", ["model": "openai-proxy/mock"], as: other)
                .expect(200).id
            try await server.send(
                .post, "/v1/agents/\(theirs)/messages", ["input": "x", "identity_id": "ann"], as: other
            ).expect(404)
        }
    }

    @Test(arguments: Engines.all)
    func `what the agent writes down is the speaker's`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["tools": ["memory"]])
            let (ann, block) = try await newUser("ann", "likes tea", on: server)
            server.model.play(
                .call("memory_insert", ["label": "user", "new_string": "and rain"]),
                .call(
                    "memory",
                    ["command": "create", "path": "/memories/plans", "description": "d", "file_text": "Rome"]),
                .say("done"))
            try await server.say("note it", to: agent, ["identity_id": .string(ann)]).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("and rain") == true)
            try await server.get("/v1/blocks/\(block)").expect(200, ["value": .text(containing: "and rain")])
            try await server.get("/v1/agents/\(agent)/core-memory/blocks/plans").expect(404)
            try await server.get("/v1/identities/\(ann)").expect(200, ["block_ids": .elements(2)])
            try await server.restart()
            try await server.say("hello", to: agent).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("Rome") == false)
            try await server.say("hello", to: agent, ["identity_id": "ann"]).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("Rome") == true)
            server.model.play(.call("memory", ["command": "delete", "path": "/memories/plans"]), .say("done"))
            try await server.say("forget", to: agent, ["identity_id": "ann"]).expect(200)
            try await server.get("/v1/identities/\(ann)").expect(200, ["block_ids": .elements(1)])
        }
    }

    @Test(arguments: Engines.all)
    func `fifty users at once see their own block alone`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            for user in 1...50 { _ = try await newUser("user-\(user)", "secret-\(user).", on: server) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in 1...50 {
                    group.addTask {
                        let name = JSONValue.string("user-\(user)")
                        try await server.say("I am \(user).", to: agent, ["identity_id": name]).expect(200)
                    }
                }
                try await group.waitForAll()
            }
            let requests = server.model.takeRequests()
            #expect(requests.count == 50)
            for asked in requests {
                let said = try #require(asked.messages.last)
                let user = try #require((1...50).first { said.contains("I am \($0).") })
                let seen = (1...50).filter { asked.system.contains("secret-\($0).") }
                #expect(seen == [user])
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `blocks that users attach for a while are out of sight of others`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in 1...20 {
                    group.addTask {
                        // Half of the blocks are their identities', the others are named after them.
                        let name = "user-\(user)"
                        let (identity, block) = try await newUser(
                            name, "secret-\(user).", label: "Persona_\(name)", on: server)
                        if user.isMultiple(of: 2) {
                            try await server.send(.patch, "/v1/identities/\(identity)", ["block_ids": []]).expect(200)
                        }
                        let blocks = "/v1/agents/\(agent)/core-memory/blocks"
                        try await server.send(.patch, "\(blocks)/attach/\(block)").expect(200)
                        try await server.say("I am \(user).", to: agent, ["identity_id": .string(name)]).expect(200)
                        try await server.send(.patch, "\(blocks)/detach/\(block)").expect(200)
                    }
                }
                try await group.waitForAll()
            }
            let requests = server.model.takeRequests()
            #expect(requests.count == 20)
            for asked in requests {
                let user = try #require((1...20).first { asked.messages.last?.contains("I am \($0).") == true })
                #expect((1...20).filter { asked.system.contains("secret-\($0).") } == [user])
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a conversation has its own blocks and those of the speaker`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let talk = try await server.newConversation(with: agent, ["isolated_block_labels": ["human"]])
            _ = try await newUser("ann", "likes tea", on: server)
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "only here"]), .say("done"))
            try await server.say("hello", in: talk, ["identity_id": "ann"]).expect(200)
            let system = server.model.takeRequests().last?.system ?? ""
            #expect(system.contains("likes tea") && system.contains("only here"))
            #expect(system.contains("- CONVERSATION_ID: \(talk)"))
            try await server.get("/v1/agents/\(agent)/core-memory/blocks/human").expect(200, ["value": "Ann"])
            for number in 1...4 { try await server.say("\(number)", in: talk, ["identity_id": "ann"]).expect(200) }
            server.model.play(.say("They counted."))
            try await server.send(.post, "/v1/conversations/\(talk)/compact").expect(200)
            _ = server.model.takeRequests()
            try await server.say("hello", in: talk).expect(200)
            let plain = server.model.takeRequests().last?.system ?? ""
            #expect(!plain.contains("likes tea") && plain.contains("only here"))
        }
    }
}
