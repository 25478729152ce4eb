import JSON
import LettaAPI
import TestSupport
import Testing

/// What was said, page by page.
@Suite(.timeLimit(.minutes(5))) struct MessageListTests {
    @Test(arguments: Engines.all)
    func `pages come from the newest end and read in order of time`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            for number in 1...3 {
                server.model.play(.say("answer \(number)"))
                try await server.say("question \(number)", to: agent).expect(200)
            }
            let path = "/v1/agents/\(agent)/messages"
            let all = try await server.get("\(path)?limit=100").ids
            try #require(all.count == 7, "the system message and three times two")
            func page(_ query: String) async throws -> [String] {
                let answer = try await server.get("\(path)?\(query)").expect(200)
                return answer.ids
            }
            #expect(try await page("order=asc") == all)
            #expect(try await page("limit=2") == Array(all[5...6]))
            #expect(try await page("limit=2&before=\(all[5])") == Array(all[3...4]))
            #expect(try await page("limit=2&after=\(all[1])") == Array(all[5...6]))
            #expect(try await page("limit=2&after=\(all[1])&order=asc") == Array(all[2...3]))
            #expect(try await page("limit=2&order=asc") == Array(all[0...1]))
            #expect(try await page("after=\(all[1])&before=\(all[4])") == Array(all[2...3]))
            #expect(try await page("after=\(all[6])") == [])
            #expect(try await page("before=\(all[0])") == [])
            #expect(try await page("limit=0") == [])
            for bad in ["message-\(nobody)", "zzz"] {
                for bound in ["before", "after"] {
                    try await server.get("\(path)?\(bound)=\(bad)").expect(404, ["detail": .text(containing: bad)])
                }
            }
            let other = try await server.newAgent()
            try await server.get("/v1/agents/\(other)/messages?after=\(all[1])").expect(404)
            try await server.get("\(path)?limit=abc").expect(422)
            try await server.get("\(path)?order=sideways").expect(422)
            try await server.get("/v1/agents/agent-\(nobody)/messages").expect(404)
            let only = "include_return_message_types=assistant_message&limit=100"
            #expect(try await server.get("\(path)?\(only)").json.array?.count == 3)
            try await server.restart()
            #expect(try await page("limit=100") == all)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `resetting empties the context and keeps the list`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.say("one", to: agent).expect(200)
            let path = "/v1/agents/\(agent)/reset-messages"
            try await server.send(.patch, path, ["add_default_initial_messages": false]).expect(
                200, ["id": .string(agent), "message_ids": .elements(1)])
            #expect(try await server.said(by: agent) == ["user_message: one", "assistant_message: ok"])
            _ = server.model.takeRequests()
            try await server.say("two", to: agent).expect(200)
            let asked = try #require(server.model.takeRequests().first)
            #expect(asked.messages == ["user: two"] && asked.system.contains("Ann"))
            #expect(try await server.said(by: agent).count == 4)
            try await server.restart()
            try await server.get("/v1/agents/\(agent)").expect(200, ["message_ids": .elements(3)])
            try await server.send(.patch, path).expect(200, ["message_ids": .elements(1)])
            try await server.send(.patch, "/v1/agents/agent-\(nobody)/reset-messages", [:]).expect(404)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an agent of the first kind starts again with its first messages`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["agent_type": "memgpt_agent"])
            let path = "/v1/agents/\(agent)"
            let first = try await server.get(path).json["message_ids"]?.array?.count ?? 0
            #expect(first > 1)
            try await server.send(.patch, "\(path)/reset-messages", ["add_default_initial_messages": true]).expect(
                200, ["message_ids": .elements(first)])
            try await server.send(.patch, "\(path)/reset-messages", ["add_default_initial_messages": false]).expect(
                200, ["message_ids": .elements(1)])
        }
    }
}
