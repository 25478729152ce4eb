import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// A tool that fails or is cancelled is a result in the step, not the end of what was stored.
@Suite(.timeLimit(.minutes(5))) struct ToolFaultTests {
    private static let tools: JSONObject = [
        "tools": ["archival_memory_insert", "archival_memory_search", "conversation_search"]
    ]

    @Test(arguments: Engines.scenarios, ["conversation_search", "archival_memory_search"])
    func `a cancel during a search stores the step`(_ engine: TestEngine, _ tool: String) async throws {
        try await withHeldTurns(on: engine) { server, storage in
            let agent = try await server.newAgent(Self.tools)
            let answering = ScriptedModel.Hold()
            server.model.play(.hold(answering, then: .call(tool, ["query": "owls"])), .say("never said"))
            async let answer = server.say("Look it up", to: agent)
            await answering.reached()
            let searching = storage.hold(.beforeRead)
            answering.release()
            await searching.reached()
            try await server.send(.post, "/v1/agents/\(agent)/messages/cancel").expect(200)
            searching.release()
            try await answer.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
            let run = try #require(try await server.get("/v1/runs/").ids.first)
            try await server.get("/v1/runs/\(run)").expect(200, ["status": "cancelled", "stop_reason": "cancelled"])
            let said = try await server.said(by: agent)
            #expect(said.count == 3 && said[1].hasPrefix("tool_call_message"), "\(said)")
            #expect(said.last == "tool_return_message: The turn was cancelled.")
            #expect(server.errors.isEmpty, "\(server.errors)")
            try await server.get("/v1/agents/\(agent)").expect(
                200, ["last_stop_reason": "cancelled", "last_run_completion": .anything])
            try await server.say("Go on", to: agent).expect(200, ["messages": [["content": "never said"]]])
        }
    }

    @Test(arguments: Engines.scenarios, ["conversation_search", "archival_memory_search"])
    func `a search that the database refuses is a failure that the model reads`(
        _ engine: TestEngine, _ tool: String
    ) async throws {
        try await withHeldTurns(on: engine) { server, storage in
            let agent = try await server.newAgent(Self.tools)
            let answering = ScriptedModel.Hold()
            server.model.play(.hold(answering, then: .call(tool, ["query": "owls"])), .say("done"))
            async let answer = server.say("Look it up", to: agent)
            await answering.reached()
            storage.failRead(SQLFailure(.unavailable, "no connection"))
            answering.release()
            try await answer.expect(
                200,
                [
                    "messages": [
                        .anything,
                        [
                            "status": "error",
                            "tool_return": .string("Error executing function \(tool): the server could not run it."),
                        ],
                        ["content": "done"],
                    ],
                    "stop_reason": ["stop_reason": "end_turn"],
                ])
            #expect(server.errors.count == 1 && server.errors[0].contains("no connection"), "\(server.errors)")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a system message that appears during a turn replaces no other message`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.storage.write { db in
                try db.execute("UPDATE message SET context_position = NULL WHERE role = 'system'")
            }
            let hold = ScriptedModel.Hold()
            server.model.play(
                .hold(hold, then: .call("memory_insert", ["label": "human", "new_string": "likes owls"])), .say("done"))
            async let answer = server.say("I like owls", to: agent)
            await hold.reached()
            try await server.storage.write { db in
                try db.execute("UPDATE message SET context_position = 0 WHERE role = 'system'")
            }
            hold.release()
            try await answer.expect(200)
            let seen = server.model.takeRequests().map(\.messages)
            #expect(seen.first == ["user: I like owls"])
            #expect(seen.last?.contains("user: I like owls") == true, "\(seen)")
        }
    }
}
