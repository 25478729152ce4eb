import JSON
import LettaAPI
import TestSupport
import Testing

/// Messages read and found whatever agent they belong to.
@Suite(.timeLimit(.minutes(5))) struct AllMessagesTests {
    @Test(arguments: Engines.scenarios)
    func `one message is shown as in the list, with all that was made of it`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "x"]), .say("done"))
            try await server.say("Hi", to: agent).expect(200)
            let list = try #require(try await server.get("/v1/agents/\(agent)/messages").json.array)
            for _ in 0..<2 {
                for entry in list {
                    let id = try #require(entry["id"]?.string)
                    try await server.get("/v1/messages/\(id)").expect(200, [entry])
                }
                let step = try #require(list.last?["step_id"]?.string)
                let last = try #require(list.last)
                try await server.get("/v1/steps/\(step)/messages").expect(200, [last])
                try await server.restart()
            }
            for (path, status) in [
                ("/v1/messages/message-\(nobody)", 404), ("/v1/messages/x", 422), ("/v1/steps/x/messages", 422),
                ("/v1/steps/step-\(nobody)/messages", 404), ("/v1/messages/?after=message-\(nobody)", 404),
                ("/v1/messages/?limit=-1", 422),
            ] {
                try await server.get(path).expect(status)
            }
            let path = "/v1/agents/\(agent)/messages/\(list[0]["id"]?.string ?? "")"
            try await server.send(.patch, path, ["content": "new"]).expect(
                405, ["detail": .text(containing: "no longer supported")])
            #expect(try await server.get("/v1/agents/\(agent)/messages").json.array == list)
        }
    }

    @Test(arguments: Engines.all)
    func `the messages of all agents are one list in order of time`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agents = [try await server.newAgent(), try await server.newAgent()]
            for number in 1...3 {
                for agent in agents { try await server.say("\(number)", to: agent).expect(200) }
            }
            let types = "include_return_message_types"
            let path = "/v1/messages/?\(types)=user_message&\(types)=assistant_message"
            let all = try await server.get("/v1/messages/?limit=1000&order=asc")
            #expect(all.ids.count == 14)
            let said = try #require(try await server.get(path).json.array).compactMap { $0["content"]?.string }
            #expect(said == ["1", "ok", "1", "ok", "2", "ok", "2", "ok", "3", "ok", "3", "ok"])
            let newest = try await server.get("/v1/messages/?limit=3").ids
            #expect(newest == Array(all.ids.suffix(3)), "the newest, in order")
            var (paged, cursor) = ([String](), "")
            for _ in 0..<20 {
                let page = try await server.get("/v1/messages/?limit=4&order=asc\(cursor)").ids
                guard let last = page.last else { break }
                paged += page
                cursor = "&after=\(last)"
            }
            #expect(paged == all.ids)
            #expect(
                try await server.get("/v1/messages/?limit=4&before=\(all.ids[10])").ids == Array(all.ids[6..<10]))
        }
    }

    @Test(arguments: Engines.all)
    func `what was said is found by its words`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agents = [try await server.newAgent(), try await server.newAgent()]
            server.model.play(.say("Apples are red."), .say("100% of pears"), .say("Nothing."))
            for (agent, text) in [(agents[0], "Tell me of fruit"), (agents[0], "More?"), (agents[1], "An APPLE a day")]
            {
                try await server.say(text, to: agent).expect(200)
            }
            for _ in 0..<2 {
                try await search(server, ["query": "apple"]).expect(
                    200,
                    [
                        [
                            "message_type": "user_message", "content": "An APPLE a day", "agent_id": .string(agents[1]),
                            "message_id": .id("message"), "created_at": .anything, "conversation_id": nil,
                        ],
                        ["message_type": "assistant_message", "content": "Apples are red."],
                    ])
                try await search(server, ["query": "apple", "agent_id": .string(agents[0])]).expect(200, .elements(1))
                try await search(server, ["query": "0%"]).expect(200, .elements(1))
                try await search(server, ["query": "%"]).expect(200, .elements(1))
                try await search(server, ["query": "apple", "roles": ["user"]]).expect(200, .elements(1))
                try await search(server, [:]).expect(200, .elements(6))
                try await search(server, ["limit": 2]).expect(200, .elements(2))
                try await search(server, ["query": "apple", "end_date": "2020-01-01"]).expect(200, [])
                try await search(server, ["query": "apple", "start_date": "2020-01-01"]).expect(200, .elements(2))
                try await server.restart()
            }
            try await search(server, ["start_date": "tomorrow"]).expect(422)
            try await search(server, ["limit": -1]).expect(422)
            try await server.send(.post, "/v1/agents/messages/search", ["query": "apple"]).expect(
                200,
                [
                    [
                        "embedded_text": "An APPLE a day", "fts_rank": 1, "vector_rank": nil, "rrf_score": .anything,
                        "message": ["role": "user", "agent_id": .string(agents[1])],
                    ],
                    ["fts_rank": 2],
                ])
        }
    }

    private func search(_ server: TestServer, _ body: JSONValue) async throws -> Answer {
        try await server.send(.post, "/v1/messages/search", body)
    }
}
