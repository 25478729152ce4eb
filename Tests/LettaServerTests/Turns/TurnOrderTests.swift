import JSON
import LettaAPI
import TestSupport
import Testing

/// One agent has one conversation, however many talk to it at once.
@Suite(.timeLimit(.minutes(5))) struct TurnOrderTests {
    @Test(arguments: Engines.all)
    func `four messages at once are four turns in order`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...4 {
                    group.addTask { _ = try await server.say("message \(number)", to: agent).expect(200) }
                }
                try await group.waitForAll()
            }
            #expect(server.model.takeRequests().map(\.messages.count) == [1, 3, 5, 7])
            let said = try await server.said(by: agent)
            #expect(said.map { $0.hasPrefix("user_message") } == [true, false, true, false, true, false, true, false])
            #expect(Set(said).count == 5)
            try await server.get("/v1/agents/\(agent)").expect(200, ["message_ids": .elements(9)])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the line before an agent is bounded`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let other = try await server.newAgent()
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("first")))
            async let first = server.say("first", to: agent)
            await hold.reached()
            // 64 find room in the line; nobody gets an answer before the first turn is over, except those who don't.
            let statuses = try await withThrowingTaskGroup(of: Answer.self) { group in
                for number in 0..<66 {
                    group.addTask { try await server.say("\(number)", to: agent) }
                }
                var answers: [Answer] = []
                while answers.count < 2, let answer = try await group.next() { answers.append(answer) }
                for refused in answers {
                    #expect(refused.status == 503 && refused[header: "Retry-After"] != nil)
                    refused.expect(
                        503, ["detail": .string("Agent \(agent) already has 64 queued messages. Retry later.")])
                }
                try await server.say("no line here", to: other).expect(200)
                hold.release()
                for try await answer in group { answers.append(answer) }
                return answers.map(\.status)
            }
            try await first.expect(200)
            #expect(statuses.count { $0 == 200 } == 64 && statuses.count { $0 == 503 } == 2)
            #expect(try await server.said(by: agent).count == 130)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `cancelling ends a turn between two words`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let path = "/v1/agents/\(agent)/messages/cancel"
            try await server.send(.post, path).expect(409, ["detail": .text(containing: agent)])
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, after: "I go ", then: .say("on", "and on")), .say("better"))
            async let answer = server.say("talk", to: agent)
            await hold.reached()
            let active = try await server.get("/v1/runs/active")
            let run = try #require(active.ids.first)
            try await server.send(.post, path, ["run_ids": [.string("run-\(nobody)")]]).expect(409)
            try await server.send(.post, path).expect(200, .object([run: "cancelled"]))
            hold.release()
            try await answer.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
            try await server.get("/v1/runs/\(run)").expect(200, ["status": "cancelled", "stop_reason": "cancelled"])
            try await server.say("again", to: agent).expect(200, ["messages": [["content": "better"]]])
            try await server.send(.post, path, ["run_ids": [.string(run)]]).expect(200, .object([run: "cancelled"]))
            try await server.send(.post, "/v1/agents/agent-\(nobody)/messages/cancel").expect(404)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a cancelled stream says so and ends`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, after: "I go ", then: .say("on")))
            async let events = server.stream("talk", to: agent, ["stream_tokens": true])
            await hold.reached()
            try await server.send(.post, "/v1/agents/\(agent)/messages/cancel").expect(200)
            hold.release()
            let seen = try await events
            #expect(seen.first { $0.type == "stop_reason" }?.json["stop_reason"]?.string == "cancelled")
            #expect(seen.last?.type == "[DONE]")
            try await server.say("again", to: agent).expect(200)
        }
    }
}
