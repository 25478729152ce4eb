import JSON
import LettaAPI
import TestSupport
import Testing

/// `/mcp`: agents as tools of the Model Context Protocol.
@Suite(.timeLimit(.minutes(2))) struct MCPFrontTests {
    private static func request(_ method: String, _ parameters: JSONValue = [:]) -> JSONValue {
        ["jsonrpc": "2.0", "id": 7, "method": .string(method), "params": parameters]
    }

    private static func call(_ tool: String, _ arguments: JSONObject) -> JSONValue {
        request("tools/call", ["name": .string(tool), "arguments": .object(arguments)])
    }

    private static func says(_ text: JSONValue, isError: Bool = false) -> JSONValue {
        ["id": 7, "result": ["content": [["type": "text", "text": text]], "isError": .bool(isError)]]
    }

    @Test(arguments: Engines.scenarios)
    func `agents are listed, talked to, read and edited`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["agent"] = try await server.newAgent()
            server.model.play(.say("Hello, Ann."))
            let other = try await server.addOrganization()
            let unknown = "Agent with ID agent-\(nobody) not found"
            try await server.run([
                .post("/v1/agents/{agent}/archival-memory", ["text": "Ann likes tea."], expect: 200),
                .post(
                    "/mcp", Self.request("initialize", ["protocolVersion": "2025-06-18"]), expect: 200,
                    [
                        "jsonrpc": "2.0", "id": 7,
                        "result": ["protocolVersion": "2025-06-18", "capabilities": ["tools": .anything]],
                    ]),
                .post(
                    "/mcp", Self.request("initialize", ["protocolVersion": "1999-01-01"]), expect: 200,
                    ["result": ["protocolVersion": "2025-11-25"]]),
                .post("/mcp", ["jsonrpc": "2.0", "method": "notifications/initialized"], expect: 202),
                .post("/mcp", Self.request("ping"), expect: 200, ["id": 7, "result": [:]]),
                .post("/mcp", Self.request("tools/list"), expect: 200, ["result": ["tools": .elements(5)]]),
                .post(
                    "/mcp", Self.call("list_agents", [:]), expect: 200, Self.says(.text(containing: "\"name\":\"Ada\""))
                ),
                .post(
                    "/mcp", Self.call("list_agents", ["query": "zzz"]), expect: 200,
                    Self.says("{\"agents\":[],\"next\":null}")),
                .post(
                    "/mcp", Self.call("send_message", ["agent_id": "{agent}", "message": "Hi."]), expect: 200,
                    Self.says("Hello, Ann.")),
                .post(
                    "/mcp", Self.call("list_blocks", ["agent_id": "{agent}"]), expect: 200,
                    Self.says(.text(containing: "Ann"))),
                .post(
                    "/mcp", Self.call("update_block", ["agent_id": "{agent}", "label": "human", "value": "Bea"]),
                    expect: 200,
                    Self.says("Bea")),
                .get("/v1/agents/{agent}/core-memory/blocks/human", expect: 200, ["value": "Bea"]),
                .post(
                    "/mcp", Self.call("search_memory", ["agent_id": "{agent}", "query": "tea", "limit": 5]),
                    expect: 200,
                    Self.says(.text(containing: "Ann likes tea."))),
                .post(
                    "/mcp", Self.call("list_blocks", ["agent_id": "agent-\(nobody)"]), expect: 200,
                    Self.says(.string(unknown), isError: true)),
                .post(
                    "/mcp", Self.call("list_agents", [:]), as: other, expect: 200,
                    Self.says("{\"agents\":[],\"next\":null}")),
            ])
            for (tool, arguments) in [
                ("send_message", ["message": "Hi."]), ("list_blocks", [:]),
                ("update_block", ["label": "human", "value": "x"]),
                ("search_memory", ["query": "tea"]),
            ] as [(String, JSONObject)] {
                var named = arguments
                named["agent_id"] = "{agent}"
                try await server.run([
                    .post("/mcp", Self.call(tool, named), as: other, expect: 200, ["result": ["isError": true]]),
                    .post("/mcp", Self.call(tool, arguments), expect: 200, ["result": ["isError": true]]),
                ])
            }
            try await server.run([
                .patch("/v1/agents/{agent}/core-memory/blocks/human", ["read_only": true], expect: 200),
                .post(
                    "/mcp", Self.call("update_block", ["agent_id": "{agent}", "label": "human", "value": "x"]),
                    expect: 200,
                    ["result": ["isError": true]]),
            ])
        }
    }

    @Test func `what is no request is an error in JSON-RPC`() async throws {
        try await withServer(on: .sqlite) { server in
            for (body, code) in [
                ("{", -32700), ("[]", -32600), ("{}", -32600), ("{\"jsonrpc\":\"2.0\"}", -32600),
                ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}", -32601),
                ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"rm\"}}", -32602),
                ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":5}", -32602),
            ] as [(String, Int64)] {
                let answer = try await server.send(.post, "/mcp", bytes: Array(body.utf8))
                #expect(answer.status == 200 && answer.json["error"]?["code"]?.int == code, "\(body): \(answer.text)")
            }
            try await server.run([.get("/mcp", expect: 405), .delete("/mcp", expect: 405)])
        }
        try await withServer(on: .sqlite, { $0.password = "right" }) { server in
            try await server.run([
                .post("/mcp", Self.request("ping"), expect: 401),
                .post("/mcp", Self.request("ping"), as: .v1.with("Authorization", "Bearer right"), expect: 200),
            ])
        }
    }
}
