/// Fills a server over its API.
struct Seed {
    /// The id of an agent with what agents usually have: a few blocks, the base tools, tags.
    let agent: String

    private static let model = """
        "llm_config": {"model": "m", "model_endpoint_type": "openai", "context_window": 32000, "handle": "o/m"}, \
        "embedding_config": {"embedding_model": "e", "embedding_endpoint_type": "openai", "embedding_dim": 1536, \
        "handle": "o/e"}
        """
    private static let text = String(repeating: "She likes engines that weave algebraic patterns. ", count: 12)

    /// Makes `count` agents and `count` blocks, the agent with everything last.
    init(_ load: Load, count: Int) throws {
        let agents = (1..<count).map { number in
            RequestBytes.post(
                "/v1/agents/",
                """
                {"name": "agent \(number)", \(Self.model), "include_base_tools": false, \
                "tags": ["all", "t\(number % 10)"]}
                """)
        }
        try load.send(agents)
        let blocks = (0..<count).map { number in
            RequestBytes.post("/v1/blocks/", #"{"label": "l\#(number % 50)", "value": "\#(Self.text)"}"#)
        }
        try load.send(blocks)
        var made = ""
        let whole = """
            {"name": "the whole one", \(Self.model), "tags": ["all", "whole"], "secrets": {"KEY": "value"}, \
            "memory_blocks": [{"label": "human", "value": "\(Self.text)"}, \
            {"label": "persona", "value": "\(Self.text)"}, {"label": "notes", "value": "\(Self.text)"}]}
            """
        try load.send([.post("/v1/agents/", whole)]) { made = String(decoding: $0, as: UTF8.self) }
        guard let start = made.firstRange(of: #""id":"agent-"#) else {
            throw BenchmarkFailure("no id in \(made.prefix(300))")
        }
        agent = "agent-\(made[start.upperBound...].prefix(36))"
    }
}
