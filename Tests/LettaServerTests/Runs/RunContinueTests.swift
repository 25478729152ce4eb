import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// A failed run goes on without its messages being sent again.
@Suite(.timeLimit(.minutes(5))) struct RunContinueTests {
    private func waitForEnd(of run: String, _ server: TestServer) async throws {
        while ["created", "running"].contains(try await server.get("/v1/runs/\(run)").json["status"]?.string) {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test(arguments: Engines.all)
    func `a failed run goes on`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent(["include_base_tools": true])
            server.model.play(
                .call("memory_insert", ["label": "human", "new_string": "x", "insert_line": 0]),
                .fail(.overloaded, status: 503))
            let answer = try await server.say("Hi", to: agent)
            #expect(answer.status >= 500)
            try await server.restart()
            let failed = try #require(try await server.get("/v1/runs/").ids.first)
            _ = server.model.takeRequests()
            server.model.play(.say("There."))
            let other = try await server.addOrganization()
            try await server.send(.post, "/v1/runs/\(failed)/continue", as: other).expect(404)
            let next = try await server.send(.post, "/v1/runs/\(failed)/continue").expect(
                200, ["agent_id": .string(agent)]
            ).id
            try await waitForEnd(of: next, server)
            try await server.get("/v1/runs/\(next)").expect(200, ["status": "completed", "title": "Hi"])
            #expect(server.model.takeRequests().count == 1)
            let said = try await server.said(by: agent).filter { !$0.hasPrefix("tool_") }
            #expect(said == ["user_message: Hi", "assistant_message: There."])
            // There is nothing to go on from twice, nor from what went well.
            for run in [failed, next] { try await server.send(.post, "/v1/runs/\(run)/continue").expect(409) }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a failed run of a conversation goes on there`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let talk = try await server.send(.post, "/v1/conversations/?agent_id=\(agent)", [:]).expect(200).id
            server.model.play(.fail(.overloaded, status: 503), .say("There."))
            _ = try await server.send(
                .post, "/v1/conversations/\(talk)/messages",
                ["streaming": false, "messages": [["role": "user", "content": "Hi"]]])
            let failed = try #require(try await server.get("/v1/runs/").ids.first)
            let next = try await server.send(.post, "/v1/runs/\(failed)/continue").expect(
                200, ["conversation_id": .string(talk)]
            ).id
            try await waitForEnd(of: next, server)
            try await server.get("/v1/runs/\(next)").expect(200, ["status": "completed"])
        }
    }

    @Test func `a failed run goes on from what was said as the system`() async throws {
        try await withServer(on: .sqlite) { server in
            let agent = try await server.newAgent()
            server.model.play(.fail(.overloaded, status: 503), .say("Noted."))
            _ = try await server.send(
                .post, "/v1/agents/\(agent)/messages", ["messages": [["role": "system", "content": "It rains."]]])
            let failed = try #require(try await server.get("/v1/runs/").ids.first)
            let next = try await server.send(.post, "/v1/runs/\(failed)/continue").expect(200).id
            try await waitForEnd(of: next, server)
            try await server.get("/v1/runs/\(next)").expect(200, ["status": "completed"])
        }
    }
}
