import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// No turn reads a table that grows from end to end.
@Suite(.timeLimit(.minutes(5))) struct TurnQueryPlanTests {
    @Test(arguments: Engines.all)
    func `turns, background runs and what ends them`(_ engine: TestEngine) async throws {
        let scans = WatchingStorage.Scans()
        try await withServer(on: engine, { $0.wrapStorage = { WatchingStorage(base: $0, scans: scans) } }) { server in
            server["shared"] = try await server.newBlock("shared", "x")
            let tools: JSONValue = [
                "memory", "memory_insert", "archival_memory_insert", "archival_memory_search", "conversation_search",
            ]
            let agent = try await server.newAgent(["tools": tools, "block_ids": ["{shared}"]])
            try await server.newAgent("other", ["block_ids": ["{shared}"]])
            let path = "/v1/agents/\(agent)/messages"
            _ = scans.take()
            func check(_ what: String) {
                // Parts of uploads are there only until the file is read.
                for (sql, tables) in scans.take() where tables != ["file_upload_part"] {
                    Issue.record("\(what) reads all of \(tables.sorted().joined(separator: ", ")): \(sql)")
                }
            }
            for (tool, arguments) in [
                ("memory_insert", ["label": "shared", "new_string": "more"]),
                ("archival_memory_insert", ["content": "some words"]), ("archival_memory_search", ["query": "words"]),
                ("conversation_search", ["query": "words"]),
                ("memory", ["command": "create", "path": "/memories/new", "description": "d"]),
                ("memory", ["command": "delete", "path": "/memories/shared"]),
            ] as [(String, JSONValue)] {
                server.model.play(.call(tool, arguments), .say("done"))
                try await server.say("Go", to: agent).expect(
                    200, ["messages": [.anything, ["status": "success"], .anything]])
                check("a turn with \(tool)")
            }
            server.model.play(.fail(.server, status: 500))
            _ = try await server.say("Go", to: agent)
            check("a failed turn")
            _ = try await server.stream("Go", to: agent)
            check("a stream")

            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("late")))
            var runs: [JSONValue] = []
            for text in ["one", "two"] {
                let run = try await server.send(.post, "\(path)/async", ["input": .string(text)]).expect(200)
                runs.append(.string(run.id))
                if text == "one" { await hold.reached() }
            }
            try await server.send(.post, "\(path)/cancel", ["run_ids": .array(runs)]).expect(200)
            hold.release()
            for run in runs { _ = try await server.follow(run.string ?? "") }
            check("background runs and their cancel")
            for run in runs { _ = try await server.follow(run.string ?? "") }
            check("a stored stream")
            try await server.send(.patch, "/v1/agents/\(agent)/reset-messages", [:]).expect(200)
            check("a reset")
            try await converse(on: server, agent, check)
            try await server.restart()
            check("a start")
        }
    }

    /// Turns in a conversation, repeats, and turns with a speaker.
    private func converse(on server: TestServer, _ agent: String, _ check: (String) -> Void) async throws {
        let talk = try await server.newConversation(with: agent, ["isolated_block_labels": ["new"]])
        server["persona"] = try await server.newBlock("Persona_bob", "likes rain")
        server["own"] = try await server.newBlock("user", "likes tea")
        for name in ["ann", "bob"] {
            let body: JSONValue = [
                "identifier_key": .string(name), "name": .string(name), "identity_type": "user",
                "block_ids": name == "ann" ? ["{own}"] : [],
            ]
            try await server.send(.post, "/v1/identities/", body).expect(200)
        }
        try await server.send(.patch, "/v1/agents/\(agent)/core-memory/blocks/attach/{persona}").expect(200)
        check("making identities and a conversation")
        server.model.play(.call("memory_insert", ["label": "new", "new_string": "more"]), .say("done"))
        try await server.say("Go", in: talk).expect(200)
        check("a turn in a conversation")
        _ = try await server.stream("Go", in: talk, ["background": true])
        check("a background turn in a conversation")
        for place in [talk, agent] {
            server.model.play(.call("memory_insert", ["label": "user", "new_string": "more"]), .say("done"))
            try await server.say("Go", in: place, ["identity_id": "ann"]).expect(200)
            check("a turn with a speaker")
        }
        let caller = TestCaller.v1.with("Idempotency-Key", "key")
        server.model.play(.fail(.server, status: 500))
        for what in ["fails", "goes on", "is over"] {
            _ = try await server.say("Again", in: talk, as: caller)
            check("a send that \(what)")
        }
        try await server.send(.post, "/v1/conversations/\(talk)/compact").expect(200)
        check("a compaction of a conversation")
    }
}
