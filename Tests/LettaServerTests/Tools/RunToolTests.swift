import JSON
import LettaAPI
import TestSupport
import Testing
import ToolRuntime

/// Running source once, without an agent.
@Suite(.timeLimit(.minutes(5))) struct RunToolTests {
    private static let boom: JSONValue = """
        def boom(why: str) -> str:
            '''Fail.

            Args:
                why (str): reason
            '''
            import sys
            print("about to fail")
            print("on stderr", file=sys.stderr)
            raise ValueError("boom: " + why)
        """

    @Test func `a variable without a name or with an equals sign is refused`() async throws {
        let rows = ["", "=", "A=B", String(repeating: "A", count: 2_001)].map { name -> Scenario in
            .post(
                "/v1/tools/run", ["source_code": ToolTests.source(), "args": ["a": "1"], "env_vars": [name: "x"]],
                expect: 422
            ).field("env_vars")
        }
        try await scenarios(on: .sqlite, rows)
    }

    @Test func `the answer is a result as a conversation shows it`() async throws {
        let path = "/v1/tools/run"
        let reader: JSONValue = "def r() -> dict:\n    'R.'\n    import os\n    return {'v': os.environ.get('V')}\n"
        try await scenarios(
            on: .sqlite,
            [
                .post(
                    path, ["source_code": ToolTests.source(), "args": ["a": "1"]], expect: 200,
                    [
                        "id": "null", "message_type": "tool_return_message", "name": nil, "date": .anything,
                        "tool_return": "3", "status": "success", "tool_call_id": "null", "stdout": ["adding\n"],
                        "stderr": [],
                        "tool_returns": [["type": "tool", "tool_return": "3", "status": "success"]],
                    ]),
                .post(
                    path, ["source_code": Self.boom, "args": ["why": "w"]], expect: 200,
                    [
                        "tool_return": "Error executing function None: ValueError: boom: w", "status": "error",
                        "stdout": ["about to fail\n"], "stderr": [.text(containing: "on stderr\nTraceback")],
                    ]),
                .post(
                    path, ["source_code": Self.boom, "args": ["why": "w"], "name": "boom"], expect: 200,
                    ["name": "boom", "tool_return": "Error executing function boom: ValueError: boom: w"]),
                .post(
                    "/v1/tools/run-from-source", ["source_code": reader, "args": [:], "env_vars": ["V": "x"]],
                    expect: 200, ["tool_return": "{'v': 'x'}", "status": "success"]),
                .post(path, ["source_code": "x = 1", "args": [:]], expect: 400),
                .post(path, ["source_code": ToolTests.source()], expect: 422).field("args"),
                .post(path, ["source_code": ToolTests.source(), "args": [1]], expect: 422).field("args"),
                .post(
                    "/v1/tools/generate-schema", ["code": ToolTests.source()], expect: 200,
                    ["name": "add", "parameters": ["required": ["a"]]]),
                .post("/v1/tools/generate-schema", ["code": "x"], expect: 400),
                .get("/v1/tools/?tool_types=custom", expect: 200, []).note("nothing is kept"),
            ])
    }

    @Test func `without a sandbox nothing runs and the answer says why`() async throws {
        try await withServer(
            on: .sqlite, { $0.sandbox = ToolSandbox(bubblewrap: "/nowhere/bwrap") }
        ) { server in
            let missing: JSONValue = ["detail": .text(containing: "/nowhere/bwrap is missing")]
            try await server.run([
                .post("/v1/tools/run", ["source_code": ToolTests.source(), "args": ["a": 1]], expect: 503, missing),
                .put("/v1/tools/", ["source_code": ToolTests.source()], expect: 503, missing),
                .put(
                    "/v1/tools/",
                    ["source_code": ToolTests.source(), "json_schema": ["name": "add", "parameters": [:]]], expect: 200),
            ])
        }
    }
}
