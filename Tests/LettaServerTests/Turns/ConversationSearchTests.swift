import JSON
import LettaAPI
import TestSupport
import Testing

/// An agent looks up what was said.
@Suite(.timeLimit(.minutes(5))) struct ConversationSearchTests {
    /// Lets the agent search and returns what the tool told it.
    private func search(_ arguments: JSONValue, by agent: String, on server: TestServer) async throws -> String {
        server.model.play(.call("conversation_search", arguments), .say("."))
        let answer = try await server.say("?", to: agent).expect(200, ["messages": .elements(3)])
        let result = answer.json["messages"]?[1]
        return "\(result?["status"]?.string ?? "none"): \(result?["tool_return"]?.string ?? "")"
    }

    @Test(arguments: Engines.all)
    func `words, roles, dates and limits are honoured`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.say("Paris has plums"), .say("Rome has plums"))
            try await server.say("Tell me of apples in Paris", to: agent).expect(200)
            try await server.say("Tell me of Rome", to: agent).expect(200)
            let list = try await server.get("/v1/agents/\(agent)/messages")
            let day = try #require(list.json[1]?["date"]?.string).prefix(10)
            let cases: [(JSONValue, has: [String], lacks: [String])] = [
                (["query": "plums"], ["Paris has plums", "Rome has plums"], ["apples"]),
                (["query": "PLUMS"], ["Paris has plums"], []),
                (["query": "Paris", "roles": ["user"]], ["apples in Paris"], ["plums"]),
                (["query": "plums", "limit": 1], ["Rome has plums"], ["Paris has plums"]),
                (["query": "plums", "start_date": "2999-01-01"], ["No results"], ["Rome"]),
                (["query": "plums", "end_date": "2000-01-01"], ["No results"], ["Rome"]),
                (
                    ["query": "plums", "start_date": .string("\(day)"), "end_date": "2999-12-31T10:00"],
                    ["Rome has plums"], []
                ),
                (["query": "nowhere to be found"], ["No results"], ["plums"]),
                (["start_date": "2000-01-01", "limit": 100], ["apples", "Rome has plums"], []),
            ]
            for (arguments, has, lacks) in cases {
                let result = try await search(arguments, by: agent, on: server)
                #expect(result.hasPrefix("success: "))
                for text in has { #expect(result.contains(text), "\(arguments): \(result)") }
                for text in lacks { #expect(!result.contains(text), "\(arguments): \(result)") }
            }
            for arguments: JSONValue in [
                ["query": "plums", "start_date": "yesterday"], ["query": "plums", "end_date": "2026-13-45"],
                ["query": "plums", "limit": 0], ["query": "plums", "limit": -3],
            ] {
                #expect(try await search(arguments, by: agent, on: server).hasPrefix("error: "), "\(arguments)")
            }
            let other = try await server.newAgent()
            #expect(try await search(["query": "plums"], by: other, on: server).contains("No results"))
        }
    }

    @Test(arguments: Engines.all)
    func `a query is text and nothing else`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            server.model.play(.say("nothing special"))
            try await server.say("100% of a_b 'it''s' \"so\" back\\slash", to: agent).expect(200)
            for (query, isFound) in [
                ("100%", true), ("a_b", true), ("'it''s'", true), ("\"so\"", true), ("back\\slash", true),
                ("1%0", false), ("axb", false), ("'; DROP TABLE message; --", false), ("\\", true), ("%%", false),
                ("__", false),
            ] {
                let result = try await search(["query": .string(query), "roles": ["user"]], by: agent, on: server)
                #expect(result.hasPrefix("success: "))
                #expect(result.contains("No results") == !isFound, "\(query): \(result)")
            }
        }
    }
}
