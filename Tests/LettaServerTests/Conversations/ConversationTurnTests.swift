import JSON
import LettaAPI
import TestSupport
import Testing

/// Turns in conversations.
@Suite(.timeLimit(.minutes(5))) struct ConversationTurnTests {
    private func withTalk(
        on engine: TestEngine, _ fields: JSONObject = [:], agent: JSONObject = [:],
        _ body: @Sendable @escaping (TestServer, _ talk: String) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent(agent)
            try await body(server, server.newConversation(with: server["agent"], fields))
        }
    }

    @Test(arguments: Engines.all)
    func `a conversation has turns of its own, also after a restart`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server, talk in
            let other = try await server.addOrganization()
            try await server.say("to Ada", to: server["agent"]).expect(200)
            _ = server.model.takeRequests()
            server.model.play(.say("Hello."))
            let answer = try await server.say("in the talk", in: talk).expect(
                200,
                [
                    "messages": [["message_type": "assistant_message", "content": "Hello."]],
                    "stop_reason": ["stop_reason": "end_turn"], "usage": ["step_count": 1],
                ])
            let asked = try #require(server.model.takeRequests().first)
            #expect(asked.messages.map { $0.hasSuffix("in the talk") } == [true], "\(asked.messages)")
            #expect(asked.system.contains("- CONVERSATION_ID: \(talk)"))
            let run = try #require(answer.json["messages"]?[0]?["run_id"]?.string)
            try await server.run([
                .get(
                    "/v1/runs/\(run)", expect: 200,
                    [
                        "conversation_id": .string(talk), "status": "completed", "agent_id": "{agent}",
                        "metadata": ["run_type": "send_conversation_message"],
                    ]),
                .get("/v1/runs/?conversation_id=\(talk)", expect: 200, [["id": .string(run)]]),
                .get("/v1/_internal_runs/?conversation_id=\(talk)", expect: 200, [["id": .string(run)]]),
                .get("/v1/runs/?conversation_id=default", expect: 200, [["conversation_id": nil]]),
                .get("/v1/runs/?conversation_id=\(talk)", as: other, expect: 200, []),
                .get("/v1/agents/{agent}", expect: 200, ["message_ids": .elements(3)]),
                .get("/v1/conversations/\(talk)", expect: 200, ["in_context_message_ids": .elements(3)]),
            ])
            let seen = try await server.get("/v1/conversations/\(talk)").json
            #expect(seen["last_message_at"]?.string != nil)
            try await server.restart()
            #expect(try await server.get("/v1/conversations/\(talk)").json == seen)
            try await server.say("again", in: talk).expect(200, ["messages": [["content": "ok"]]])
            #expect(server.model.takeRequests().last?.messages.count == 3)
            #expect(
                try await server.said(in: talk) == [
                    "user_message: in the talk", "assistant_message: Hello.", "user_message: again",
                    "assistant_message: ok",
                ])
            #expect(try await server.get("/v1/conversations/?order_by=last_run_completion").ids == [talk])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `conversations stream unless told otherwise`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server, talk in
            let steps = try await server.stream("one", in: talk)
            #expect(
                steps.map(\.type) == ["ping", "assistant_message", "stop_reason", "usage_statistics", "[DONE]"])
            server.model.play(.say("a", "b"))
            let tokens = try await server.stream("two", in: talk, ["stream_tokens": true])
            #expect(
                tokens.filter { $0.type == "assistant_message" }.compactMap { $0.json["content"]?.string } == [
                    "a", "b",
                ])
            let numbered = try await server.stream("three", in: talk, ["background": true])
            #expect(numbered.dropLast(3).allSatisfy { $0.json["seq_id"] != .null })
            let run = try #require(numbered.first?.json["run_id"]?.string)
            try await server.get("/v1/runs/\(run)").expect(200, ["background": true, "conversation_id": .string(talk)])
            let again = try await server.send(
                .post, "/v1/conversations/\(talk)/stream", ["run_id": .string(run), "starting_after": 1]
            ).expect(200)
            #expect(StreamedEvent.all(in: again.text).first?.type == "assistant_message")
            #expect(try await server.said(in: talk).count == 6)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `default and an agent's id name the agent's own conversation`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server, talk in
            let other = try await server.addOrganization()
            let agent = server["agent"]
            try await server.say("one", in: "default", ["agent_id": .string(agent)]).expect(200)
            try await server.say("two", in: agent).expect(200)
            #expect(try await server.said(by: agent).count == 4)
            #expect(try await server.said(in: talk).isEmpty)
            try await server.get("/v1/runs/?agent_id=\(agent)").expect(
                200, [["conversation_id": nil], ["conversation_id": nil]])
            let body: JSONValue = ["input": "x"]
            try await server.run([
                .post("/v1/conversations/default/messages", body, expect: 404),
                .post("/v1/conversations/conv-\(nobody)/messages", body, expect: 404),
                .post("/v1/conversations/conv-\(nobody)/stream", [:], expect: 404),
                .post("/v1/conversations/agent-\(nobody)/messages", body, expect: 404),
                .post("/v1/conversations/zzz/messages", body, expect: 422),
                .post("/v1/conversations/\(talk)/messages", body, as: other, expect: 404),
                .post("/v1/conversations/\(talk)/stream", [:], as: other, expect: 404),
                .post("/v1/conversations/\(talk)/cancel", as: other, expect: 404),
                .post("/v1/conversations/\(talk)/compact", as: other, expect: 404),
                .post("/v1/conversations/\(talk)/messages", ["messages": []], expect: 422).field("messages"),
                .post(
                    "/v1/conversations/\(talk)/messages", ["input": "x", "background": true, "streaming": false],
                    expect: 422
                ).field("background"),
            ])
            #expect(try await server.said(in: talk).isEmpty)
        }
    }

    @Test(arguments: Engines.all)
    func `edits of an isolated block stay in the conversation`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine, ["isolated_block_labels": ["human"]]) { server, talk in
            let plain = try await server.newConversation(with: server["agent"])
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "only here"]), .say("done"))
            try await server.say("write", in: talk).expect(
                200, ["messages": [.anything, ["status": "success"], ["content": "done"]]])
            #expect(server.model.takeRequests().last?.system.contains("only here") == true)
            try await server.get("/v1/agents/{agent}/core-memory/blocks/human").expect(200, ["value": "Ann"])
            for place in [plain, server["agent"]] {
                try await server.say("hello", in: place).expect(200)
                #expect(server.model.takeRequests().last?.system.contains("only here") == false, "\(place)")
            }
            // Of a shared block everybody sees the edit.
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "for all"]), .say("done"))
            try await server.say("write", in: plain).expect(200)
            try await server.get("/v1/agents/{agent}/core-memory/blocks/human").expect(
                200, ["value": .text(containing: "for all")])
            try await server.restart()
            try await server.say("hello", in: talk).expect(200)
            let system = server.model.takeRequests().last?.system ?? ""
            #expect(system.contains("only here") && !system.contains("for all"))
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an isolated block can't be deleted in a turn`(_ engine: TestEngine) async throws {
        try await withTalk(
            on: engine, ["isolated_block_labels": ["human"]], agent: ["tools": ["memory"]]
        ) { server, talk in
            server.model.play(.call("memory", ["command": "delete", "path": "/memories/human"]), .say("done"))
            let answer = try await server.say("forget", in: talk).expect(200)
            #expect(answer.text.contains("belongs to this conversation"), "\(answer.text)")
            try await server.say("still there?", in: talk).expect(200)
            #expect(server.model.takeRequests().last?.system.contains("Ann") == true)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the model, its settings and the window are the conversation's`(_ engine: TestEngine) async throws {
        try await withTalk(
            on: engine,
            [
                "model": "openai-proxy/gpt-4.1", "context_window_limit": 9_000,
                "model_settings": ["provider_type": "openai", "temperature": 0.25],
            ]
        ) { server, talk in
            try await server.say("one", in: talk).expect(200)
            try await server.get("/v1/steps/?agent_id={agent}&limit=1").expect(
                200, [["model_handle": "openai-proxy/gpt-4.1", "context_window_limit": 9_000]])
            try await server.say("two", in: talk, ["override_model": "openai-proxy/mock"]).expect(200)
            try await server.get("/v1/steps/?agent_id={agent}&limit=1").expect(
                200, [["model_handle": "openai-proxy/mock"]])
            try await server.say("three", to: server["agent"]).expect(200)
            try await server.get("/v1/steps/?agent_id={agent}&limit=1").expect(
                200, [["model_handle": "openai-proxy/gpt-4o-mini"]])
        }
    }

    @Test(arguments: Engines.all)
    func `a busy conversation refuses with its run, the agent goes on`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server, talk in
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("slow")), .say("other"), .say("own"))
            async let slow = server.say("one", in: talk)
            await hold.reached()
            let run = try #require(try await server.get("/v1/runs/active").ids.first)
            let busy: JSONValue = [
                "detail": .text(containing: "CONFLICT: Cannot send a new message: Another request (run_id=\(run))"),
                "run_id": .string(run),
            ]
            try await server.say("two", in: talk).expect(409, busy)
            try await server.send(.post, "/v1/conversations/\(talk)/messages", ["input": "three", "background": true])
                .expect(409, busy)
            try await server.send(.post, "/v1/conversations/\(talk)/compact").expect(409, busy)
            try await server.send(.post, "/v1/conversations/\(talk)/stream").expect(400)
                .expect(400, ["detail": .text(containing: "not created in background mode")])
            let second = try await server.newConversation(with: server["agent"])
            try await server.say("four", in: second).expect(200, ["messages": [["content": "other"]]])
            try await server.say("five", to: server["agent"]).expect(200, ["messages": [["content": "own"]]])
            hold.release()
            try await slow.expect(200, ["messages": [["content": "slow"]]])
            try await server.say("six", in: talk).expect(200)
            try await server.send(.post, "/v1/conversations/\(talk)/stream").expect(
                400, ["detail": .text(containing: "No active runs")])
            #expect(try await server.said(in: talk).count == 4)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a conversation's turn is cancelled, and the next one answers`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server, talk in
            let path = "/v1/conversations/\(talk)/cancel"
            try await server.send(.post, path).expect(
                409, ["detail": "CONFLICT: No active runs to cancel for conversation \(talk)"])
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, after: "I go ", then: .say("on")), .say("better"))
            async let answer = server.say("talk", in: talk)
            await hold.reached()
            let run = try #require(try await server.get("/v1/runs/active").ids.first)
            try await server.send(.post, "/v1/conversations/default/cancel?agent_id={agent}").expect(409)
            try await server.send(.post, path).expect(200, .object([run: "cancelled"]))
            hold.release()
            try await answer.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
            try await server.say("again", in: talk).expect(200, ["messages": [["content": "better"]]])
        }
    }

    @Test(arguments: Engines.all)
    func `a conversation is resumed by the otid of its message`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server, talk in
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, after: "one ", then: .say("two")))
            let path = "/v1/conversations/\(talk)"
            let message: JSONObject = ["role": "user", "content": "hello", "otid": "otid-1"]
            let body: JSONValue = ["messages": [.object(message)], "background": true, "stream_tokens": true]
            async let first = server.send(.post, "\(path)/messages", body)
            await hold.reached()
            // The same send joins the turn; the otid and the conversation alone find it.
            async let repeated = server.send(.post, "\(path)/messages", body)
            async let found = server.send(.post, "\(path)/stream", ["otid": "otid-1"])
            hold.release()
            let streams = try await [first, repeated, found].map { answer in
                StreamedEvent.all(in: answer.expect(200).text).map(\.text)
            }
            #expect(streams[0].contains { $0.contains("two") } && streams[0].last == "[DONE]")
            for stream in streams { #expect(stream == streams[0]) }
            try await server.restart()
            let later = try await server.send(.post, "\(path)/stream", ["otid": "otid-1", "starting_after": 1])
            #expect(StreamedEvent.all(in: later.expect(200).text).map(\.text) == Array(streams[0].dropFirst()))
            try await server.send(.post, "\(path)/stream", ["otid": "otid-2"]).expect(404)
            try await server.send(.post, "\(path)/stream", ["run_id": "run-\(nobody)"]).expect(404)
            #expect(try await server.said(in: talk).count == 2)
        }
    }

    @Test(arguments: Engines.all)
    func `a conversation is compacted and recompiled between turns`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine, ["isolated_block_labels": ["human"]]) { server, talk in
            for number in 1...6 {
                try await server.say("own \(number)", to: server["agent"]).expect(200)
                try await server.say("talk \(number)", in: talk).expect(200)
            }
            let own = try await server.get("/v1/agents/{agent}").json["message_ids"]
            server.model.play(.say("They counted."))
            try await server.send(.post, "/v1/conversations/\(talk)/compact").expect(
                200, ["summary": "They counted.", "num_messages_before": 13])
            #expect(try await server.get("/v1/agents/{agent}").json["message_ids"] == own, "the agent's context stays")
            _ = server.model.takeRequests()
            try await server.say("more", in: talk).expect(200)
            let asked = try #require(server.model.takeRequests().last)
            #expect(asked.messages.contains { $0.contains("They counted.") } && asked.messages.count < 13)
            #expect(asked.system.contains("- CONVERSATION_ID: \(talk)"))
            let text = try await server.send(.post, "/v1/conversations/\(talk)/recompile").expect(200)
            #expect(text.json.string?.contains("- CONVERSATION_ID: \(talk)") == true)
            try await server.restart()
            try await server.say("last", in: talk).expect(200)
            #expect(server.model.takeRequests().last?.system == text.json.string)
            #expect(try await server.said(in: talk).filter { $0.hasPrefix("user_message: talk") }.count == 6)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an agent that forgets its turns keeps its conversations`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine, agent: ["message_buffer_autoclear": true]) { server, talk in
            try await server.say("own", to: server["agent"]).expect(200)
            try await server.say("one", in: talk).expect(200)
            try await server.say("two", in: talk).expect(200)
            #expect(server.model.takeRequests().last?.messages.count == 3)
            try await server.get("/v1/agents/{agent}").expect(200, ["message_ids": .elements(1)])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a fork goes on with the messages it shares`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine) { server, talk in
            try await server.say("one", in: talk).expect(200)
            let fork = try await server.send(.post, "/v1/conversations/\(talk)/fork").expect(200).id
            try await server.say("two", in: fork).expect(200)
            #expect(server.model.takeRequests().last?.messages.count == 3)
            #expect(try await server.said(in: talk).count == 2)
            #expect(try await server.said(in: fork).count == 4)
            try await server.send(.delete, "/v1/conversations/\(talk)").expect(200)
            try await server.say("three", in: fork).expect(200)
            #expect(server.model.takeRequests().last?.messages.count == 5)
        }
    }

    @Test(arguments: Engines.all)
    func `newer clients' fields are stored, and lists show what is asked for`(_ engine: TestEngine) async throws {
        try await withTalk(on: engine, ["description": "d", "context_window_limit": 9_000]) { server, talk in
            let hidden = try await server.newConversation(with: server["agent"], ["hidden": true])
            let fork = try await server.send(.post, "/v1/conversations/\(talk)/fork?hidden=true").expect(
                200, ["hidden": true, "context_window_limit": 9_000])
            let list = "/v1/conversations/?agent_id={agent}"
            let own: JSONValue = [["id": .string(talk)]]
            try await server.run([
                .get(list, expect: 200, own),
                .get("\(list)&archive_status=archived", expect: 200, []),
                .patch(
                    "/v1/conversations/\(talk)", ["archived": true, "description": nil], expect: 200,
                    ["archived": true, "description": nil]),
                .post("/v1/conversations/?agent_id={agent}", ["context_window_limit": 0], expect: 422)
                    .field("context_window_limit"),
                .patch("/v1/conversations/\(talk)", ["context_window_limit": -1], expect: 422)
                    .field("context_window_limit"),
                .get("\(list)&archive_status=x", expect: 422).field("archive_status"),
            ])
            try await server.restart()
            try await server.run([
                .get(list, expect: 200, []),
                .get("\(list)&archived=true", expect: 200, own),
                .get("\(list)&archive_status=archived", expect: 200, own),
                .get("\(list)&archive_status=all", expect: 200, own),
                .get("/v1/conversations/\(hidden)", expect: 200, ["hidden": true, "archived": false]),
                .get("/v1/conversations/\(fork.id)", expect: 200, ["archived_at": nil]),
                .patch(
                    "/v1/conversations/\(talk)", ["archived": false, "context_window_limit": nil], expect: 200,
                    ["archived": false, "archived_at": nil, "context_window_limit": nil]),
                .get(list, expect: 200, own),
            ])
        }
    }
}
