import JSON
import LettaAPI
import Storage
import TestSupport
import Testing
import ToolRuntime

/// Turns in which users' own tools run.
@Suite(.timeLimit(.minutes(5))) struct PythonTurnTests {
    private static func tool(_ name: String, _ parameters: String, _ body: String) -> JSONValue {
        let names = parameters.split(separator: ",").map { $0.split(separator: ":")[0] }
        let lines = body.split(separator: "\n").map { "    \($0)\n" }.joined()
        return .string(
            "def \(name)(\(parameters)):\n    '''Do \(name).\n\n    Args:\n"
                + names.map { "        \($0.drop { $0 == " " }): what\n" }.joined() + "    '''\n\(lines)")
    }

    @discardableResult
    private func add(_ source: JSONValue, to server: TestServer, _ fields: JSONObject = [:]) async throws -> String {
        var body = fields
        body["source_code"] = source
        return try await server.send(.put, "/v1/tools/", .object(body)).expect(200).id
    }

    private func agent(with tools: [JSONValue], on server: TestServer) async throws -> String {
        try await server.newAgent(["tools": .array(tools), "include_base_tools": false, "secrets": ["KEY": "s3cret"]])
    }

    @Test(arguments: Engines.scenarios)
    func `a tool runs and the model reads its result`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await add(ToolTests.source(), to: server)
            try await add(Self.tool("look", "", "import os\nreturn dict(os.environ)"), to: server)
            try await add(Self.tool("boom", "why: str", "raise ValueError('boom: ' + why)"), to: server)
            let agent = try await agent(with: ["add", "look", "boom"], on: server)
            server.model.play(
                .call("add", ["a": "1", "b": 2], id: "call_1"), .call("look", [:], id: "call_2"),
                .call("boom", ["why": "test"], id: "call_3"), .say("done"))
            let answer = try await server.say("Go", to: agent)
            answer.expect(
                200,
                [
                    "messages": [
                        ["message_type": "tool_call_message"],
                        [
                            "message_type": "tool_return_message", "name": "add", "status": "success",
                            "tool_return": "3", "tool_call_id": "call_1", "stdout": ["adding\n"], "stderr": [],
                        ],
                        .anything,
                        [
                            "name": "look", "status": "success",
                            "tool_return": .text(containing: "'KEY': 's3cret'"),
                        ],
                        .anything,
                        [
                            "name": "boom", "status": "error",
                            "tool_return": "Error executing function boom: ValueError: boom: test",
                            "stderr": [.text(containing: "Traceback")],
                        ],
                        ["message_type": "assistant_message", "content": "done"],
                    ]
                ])
            #expect(answer.json["messages"]?[3]?["tool_return"]?.string?.contains(agent) == true)
            let seen = try #require(server.model.takeRequests().last).messages
            #expect(seen.count == 7, "\(seen)")
            #expect(seen[2].contains(#""message": "3""#) && seen[2].contains(#""status": "OK""#))
            #expect(seen[4].contains(#""KEY": "s3cret""#), "the model gets the object")
            #expect(seen[6].contains(#""status": "Failed""#))
            let before = try await server.said(by: agent)
            try await server.restart()
            #expect(try await server.said(by: agent) == before)
            let history = try await server.get("/v1/agents/\(agent)/messages?limit=1000").json.array ?? []
            let calls = history.filter { $0["message_type"] == "tool_call_message" }
            #expect(calls.count == 3, "each call is stored once")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `results are cut at the tool's limit`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await add(
                Self.tool("big", "n: int", "return 'x' * n"), to: server, ["return_char_limit": 10])
            let agent = try await agent(with: ["big"], on: server)
            server.model.play(.call("big", ["n": 60_000]), .say("done"))
            try await server.say("Go", to: agent).expect(
                200,
                [
                    "messages": [
                        .anything,
                        [
                            "tool_return": .text(
                                containing: "xxxxxxxxxx... [NOTE: function output was truncated since it exceeded "
                                    + "the character limit (60000 > 10)]")
                        ], .anything,
                    ]
                ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the call is stored before it runs, and a cancel ends it`(_ engine: TestEngine) async throws {
        try await withTemporaryFolder { folder in
            let signals = try ToolSignals("started", "never", in: folder)
            try await withServer(on: engine, { $0.sandbox = signals.sandbox }) { server in
                let body = "open('/signals/started', 'w').close()\nopen('/signals/never').close()"
                try await add(Self.tool("slow", "n: int", body), to: server)
                let agent = try await agent(with: ["slow"], on: server)
                server.model.play(.call("slow", ["n": 1]))
                try await withThrowingTaskGroup(of: Answer.self) { group in
                    group.addTask { try await server.say("Go", to: agent) }
                    await signals.wait(for: "started")
                    #expect(try await server.said(by: agent).last == "tool_call_message: ", "it has no result yet")
                    try await server.send(.post, "/v1/agents/\(agent)/messages/cancel", [:]).expect(200)
                    try await group.next()?.expect(200, ["stop_reason": ["stop_reason": "cancelled"]])
                }
                let last = try await server.said(by: agent).last ?? ""
                #expect(last.contains("cancelled while this tool ran"), "\(last)")
                _ = server.model.takeRequests()
                try await server.say("Still there?", to: agent).expect(200)
                #expect(server.model.takeRequests().last?.messages.count == 4)
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a call that a killed server left is closed at the next message`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await add(ToolTests.source(), to: server)
            let agent = try await agent(with: ["add"], on: server)
            server.model.play(.call("add", ["a": 1], id: "call_7"), .say("done"))
            try await server.say("one", to: agent).expect(200)
            // What is stored when the machine stops while the tool runs.
            try await server.storage.write { db in
                try db.execute(
                    "DELETE FROM message WHERE position > (SELECT MIN(position) FROM message WHERE content LIKE '%call_7%')"
                )
            }
            try await server.restart()
            _ = server.model.takeRequests()
            try await server.say("two", to: agent).expect(200)
            let seen = try #require(server.model.takeRequests().first).messages
            #expect(seen.count == 4 && seen[2].contains("interrupted"), "\(seen)")
        }
    }

    @Test func `tools that may run at once do`() async throws {
        try await withTemporaryFolder { folder in
            let signals = try ToolSignals("a", "b", in: folder)
            try await withServer(on: .sqlite, { $0.sandbox = signals.sandbox }) { server in
                // Opening a named pipe waits for the other side: each call needs the other one.
                let body = """
                    for name, mode in ([('a', 'w'), ('b', 'r')] if n == 1 else [('a', 'r'), ('b', 'w')]):
                        open('/signals/' + name, mode).close()
                    return 'met'
                    """
                try await add(Self.tool("meet", "n: int", body), to: server, ["enable_parallel_execution": true])
                let agent = try await server.newAgent([
                    "tools": ["meet"], "include_base_tools": false,
                    "llm_config": [
                        "model": "gpt-4o-mini", "model_endpoint_type": "openai", "context_window": 30_000,
                        "parallel_tool_calls": true, "handle": "openai-proxy/gpt-4o-mini",
                    ],
                ])
                server.model.play(.calls("meet", [["n": 1], ["n": 2]]), .say("done"))
                let answer = try await server.say("Go", to: agent).expect(200)
                let returns = answer.json["messages"]?[1]?["tool_returns"]?.array ?? []
                #expect(returns.map { $0["tool_return"] } == ["met", "met"], "\(answer.text)")
            }
        }
    }

    @Test func `without a sandbox the model is told so`() async throws {
        try await withServer(on: .sqlite, { $0.sandbox = ToolSandbox(bubblewrap: "/nowhere/bwrap") }) { server in
            try await add(ToolTests.source(), to: server, ["json_schema": ["name": "add", "parameters": [:]]])
            let agent = try await agent(with: ["add"], on: server)
            server.model.play(.call("add", ["a": 1]), .say("done"))
            try await server.say("Go", to: agent).expect(
                200,
                [
                    "messages": [
                        .anything,
                        ["status": "error", "tool_return": .text(containing: "/nowhere/bwrap is missing")],
                        ["content": "done"],
                    ]
                ])
        }
    }
}
