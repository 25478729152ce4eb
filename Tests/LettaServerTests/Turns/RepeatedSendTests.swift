import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// A send that its client repeats is shown to the model once.
@Suite(.timeLimit(.minutes(5))) struct RepeatedSendTests {
    /// The ways in which repeats are recognized.
    enum Key: String, CaseIterable, Sendable {
        case otid, header, retryCount

        func body(_ text: String) -> JSONValue {
            var message: JSONObject = ["role": "user", "content": .string(text)]
            if self == .otid { message["otid"] = "otid-1" }
            return ["messages": [.object(message)]]
        }

        func caller(attempt: Int) -> TestCaller {
            switch self {
            case .otid: .v1
            case .header: .v1.with("Idempotency-Key", "key-1")
            case .retryCount: .v1.with("x-stainless-retry-count", "\(attempt)")
            }
        }
    }

    private func withAgent(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer, _ path: String) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent()
            try await body(server, "/v1/agents/\(server["agent"])/messages")
        }
    }

    @Test(arguments: Engines.all, Key.allCases)
    func `after a failure the model sees the message once`(_ engine: TestEngine, _ key: Key) async throws {
        try await withAgent(on: engine) { server, path in
            server.model.play(.fail(.overloaded, status: 503), .say("Hello."))
            let failed = try await server.send(.post, path, key.body("hi"), as: key.caller(attempt: 0))
            #expect(failed.status >= 500, "\(failed.text)")
            try await server.restart()
            _ = server.model.takeRequests()
            try await server.send(.post, path, key.body("hi"), as: key.caller(attempt: 1)).expect(
                200, ["messages": [["content": "Hello."]]])
            #expect(server.model.takeRequests().last?.messages.count == 1)
            #expect(try await server.said(by: server["agent"]) == ["user_message: hi", "assistant_message: Hello."])
            try await server.say("next", to: server["agent"]).expect(200)
            #expect(server.model.takeRequests().last?.messages.count == 3)
        }
    }

    @Test func `many repeats at once of a send that has ended have its answer`() async throws {
        try await withAgent(on: .sqlite) { server, path in
            server.model.play(.say("once"))
            let (body, caller) = (Key.header.body("hi"), Key.header.caller(attempt: 0))
            let first = try await server.send(.post, path, body, as: caller).expect(200).json["messages"]
            try await withThrowingTaskGroup(of: JSONValue?.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await server.send(.post, path, body, as: caller).expect(200).json["messages"] }
                }
                for try await messages in group { #expect(messages == first) }
            }
        }
    }

    @Test(arguments: Engines.scenarios, Key.allCases)
    func `a repeat joins the first while that is at work`(_ engine: TestEngine, _ key: Key) async throws {
        try await withAgent(on: engine) { server, path in
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("once")), .say("twice"))
            async let first = server.send(.post, path, key.body("hi"), as: key.caller(attempt: 0))
            await hold.reached()
            async let second = server.send(.post, path, key.body("hi"), as: key.caller(attempt: 1))
            async let stream = server.send(.post, "\(path)/stream", key.body("hi"), as: key.caller(attempt: 2))
            hold.release()
            let answer = try await first.expect(200, ["messages": [["content": "once"]]])
            #expect(try await second.expect(200).json["messages"] == answer.json["messages"])
            let events = StreamedEvent.all(in: try await stream.expect(200).text)
            #expect(events.map(\.type) == ["ping", "assistant_message", "stop_reason", "usage_statistics", "[DONE]"])
            #expect(events[1].json["id"] == answer.json["messages"]?[0]?["id"])
            #expect(server.model.takeRequests().count == 1)
            #expect(try await server.said(by: server["agent"]).count == 2)
        }
    }

    @Test(arguments: Engines.all, Key.allCases)
    func `a repeat after the end gets the answer`(_ engine: TestEngine, _ key: Key) async throws {
        try await withAgent(on: engine) { server, path in
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "x"]), .say("done"))
            let first = try await server.send(.post, path, key.body("hi"), as: key.caller(attempt: 0)).expect(200)
            try await server.restart()
            _ = server.model.takeRequests()
            let second = try await server.send(.post, path, key.body("hi"), as: key.caller(attempt: 1)).expect(200)
            #expect(second.json["messages"] == first.json["messages"])
            #expect(second.json["stop_reason"] == first.json["stop_reason"])
            #expect(second.json["usage"]?["total_tokens"] == first.json["usage"]?["total_tokens"])
            let stream = try await server.send(.post, "\(path)/stream", key.body("hi"), as: key.caller(attempt: 1))
            #expect(
                StreamedEvent.all(in: stream.expect(200).text).map(\.type) == [
                    "ping", "tool_call_message", "tool_return_message", "assistant_message", "stop_reason",
                    "usage_statistics", "[DONE]",
                ])
            #expect(server.model.takeRequests().isEmpty)
            #expect(try await server.said(by: server["agent"]).count == 4)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a background run and a run that is polled are started once`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server, path in
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("once")))
            let first = try await server.send(.post, "\(path)/async", Key.otid.body("hi")).expect(200)
            await hold.reached()
            let second = try await server.send(.post, "\(path)/async", Key.otid.body("hi")).expect(200)
            #expect(first.id == second.id)
            hold.release()
            _ = try await server.follow(first.id)
            try await server.send(.post, "\(path)/async", Key.otid.body("hi")).expect(
                200, ["id": .string(first.id), "status": "completed"])
            try await server.send(.post, path, Key.otid.body("hi")).expect(200, ["messages": [["content": "once"]]])
            #expect(server.model.takeRequests().count == 1)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `what is not a repeat is answered`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server, path in
            let other = try await server.addOrganization()
            server["talk"] = try await server.newConversation(with: server["agent"])
            // Without a key the same words are another message, also from a client that has counted no retry.
            for attempt in [0, 0] {
                try await server.send(
                    .post, path, Key.retryCount.body("hi"), as: Key.retryCount.caller(attempt: attempt)
                ).expect(200)
            }
            try await server.say("hi", to: server["agent"]).expect(200)
            #expect(server.model.takeRequests().count == 3)
            // A key stands for one thread, and for the messages that it was sent with.
            try await server.send(.post, path, Key.otid.body("one")).expect(200)
            try await server.send(.post, path, Key.otid.body("two")).expect(200)
            try await server.send(.post, "/v1/conversations/{talk}/messages", Key.otid.body("one")).expect(200)
            #expect(server.model.takeRequests().count == 3)
            try await server.send(.post, path, Key.otid.body("one"), as: other).expect(404)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a busy conversation refuses another message with the same otid`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server, _ in
            let talk = try await server.newConversation(with: server["agent"])
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("once")))
            let path = "/v1/conversations/\(talk)/messages"
            async let first = server.send(.post, path, Key.otid.body("hi"))
            await hold.reached()
            try await server.send(.post, path, Key.otid.body("busy?")).expect(409)
            hold.release()
            try await first.expect(200)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `keys of sends are deleted when their events are`(_ engine: TestEngine) async throws {
        try await withAgent(on: engine) { server, path in
            try await server.send(.post, path, Key.otid.body("hi")).expect(200)
            let (left, all) = try await server.storage.write { db in
                let stored: Int? = try db.value("SELECT COUNT(*) FROM send_key")
                _ = try SendKeyStore.deleteExpired(before: Timestamp(microseconds: 0), limit: 10, db)
                let kept: Int? = try db.value("SELECT COUNT(*) FROM send_key")
                #expect(kept == stored)
                _ = try SendKeyStore.deleteExpired(before: Timestamp(microseconds: .max), limit: 10, db)
                return (try db.value("SELECT COUNT(*) FROM send_key") as Int?, stored)
            }
            #expect(left == 0 && all == 2)
        }
    }
}
