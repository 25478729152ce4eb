import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// No request reads a table that grows from end to end.
@Suite(.timeLimit(.minutes(5))) struct QueryPlanTests {
    private static let requests = [
        "/v1/agents/", "/v1/agents/?order=asc", "/v1/agents/?order_by=updated_at",
        "/v1/agents/?order_by=updated_at&order=asc", "/v1/agents/?order_by=last_run_completion",
        "/v1/agents/?order_by=last_run_completion&order=asc", "/v1/agents/?after={agent}",
        "/v1/agents/?before={agent}", "/v1/agents/?order_by=updated_at&after={agent}",
        "/v1/agents/?order_by=last_run_completion&after={agent}",
        "/v1/agents/?order_by=last_run_completion&order=asc&before={agent}", "/v1/agents/?after={gone}",
        "/v1/agents/?name=a", "/v1/agents/?tags=x", "/v1/agents/?tags=x&tags=y&match_all_tags=true",
        "/v1/agents/?project_id=p", "/v1/agents/?limit=0", "/v1/agents/count", "/v1/agents/count?tags=x",
        "/v1/_internal_agents/count", "/v1/agents/{agent}", "/v1/agents/{agent}/context",
        "/v1/agents/{agent}/core-memory", "/v1/agents/{agent}/core-memory/blocks",
        "/v1/agents/{agent}/core-memory/blocks/human", "/v1/agents/{agent}/core-memory/variables",
        "/v1/agents/{agent}/tools", "/v1/blocks/", "/v1/blocks/?order=desc", "/v1/blocks/?label=human",
        "/v1/blocks/?limit=0", "/v1/blocks/?after={block}", "/v1/blocks/?before={block}&order=desc",
        "/v1/blocks/?tags=x", "/v1/blocks/?templates_only=true", "/v1/blocks/?connected_to_agents_count_gt=0",
        "/v1/blocks/count", "/v1/blocks/{block}", "/v1/blocks/{block}/agents",
        "/v1/blocks/{block}/agents?after={agent}",
        "/v1/blocks/{block}/history", "/v1/blocks/{block}/history?before=2&limit=1", "/v1/tags/",
        "/v1/tags/?after=a&order=desc", "/v1/ready/", "/v1/messages/?order=asc", "/v1/messages/?after={message_id}",
        "/v1/messages/?before={message_id}&order=asc&limit=2",
        "/v1/agents/{agent}/archival-memory", "/v1/agents/{agent}/archival-memory?ascending=false&after={passage}",
        "/v1/agents/{agent}/archival-memory?search=x&before={passage}&limit=2",
        "/v1/agents/{agent}/archival-memory/search?query=some%20words",
        "/v1/agents/{agent}/archival-memory/search?query=some&tags=x&tags=y&tag_match_mode=all&top_k=2",
        "/v1/agents/{agent}/archival-memory/search?query=&start_datetime=2026-01-01", "/v1/archives/",
        "/v1/archives/?order=asc&after={archive}", "/v1/archives/?name=a", "/v1/archives/?agent_id={agent}",
        "/v1/archives/{archive}", "/v1/archives/{archive}/agents?after={agent}",
        "/v1/tools/?order=asc&limit=2", "/v1/tools/?after={tool}",
        "/v1/tools/?name=a", "/v1/tools/?names=a&names=b", "/v1/tools/?tool_ids={tool}", "/v1/tools/?search=a",
        "/v1/groups/?after={group_id}", "/v1/groups/?manager_type=dynamic&order=desc",
        "/v1/conversations/?agent_id={agent}&after={conversation_id}", "/v1/conversations/?summary_search=x&order=asc",
        "/v1/conversations/?order_by=last_message_at", "/v1/conversations/?order_by=last_message_at&order=asc",
        "/v1/conversations/?order_by=last_run_completion", "/v1/conversations/?order_by=last_run_completion&order=asc",
        "/v1/conversations/?order_by=last_run_completion&order=asc&after={conversation_id}",
        "/v1/agents/{agent}/messages?conversation_id=default",
        "/v1/agents/{agent_id}/messages?conversation_id={conversation_id}",
        "/v1/messages/?conversation_id={conversation_id}",
        "/v1/conversations/{conversation_id}/messages?before={message_id}&limit=2",
        "/v1/agents/{agent_id}/context?conversation_id={conversation_id}",
        "/v1/runs/?step_count=1", "/v1/runs/?start_date=2020-01-01&end_date=2100-01-01", "/v1/admin/orgs/?order=desc",
        "/v1/admin/users/?after=user-00000000-0000-4000-8000-000000000000&limit=1",
        "/v1/tools/?tool_types=custom", "/v1/tools/count?exclude_letta_tools=true", "/v1/tools/{tool}",
        "/v1/folders/?name=Ada", "/v1/folders/?after={folder_id}", "/v1/folders/{folder_id}/files?after={file_id}",
        "/v1/folders/{folder_id}/files?include_content=true", "/v1/folders/{folder_id}/agents?after={agent}",
        "/v1/agents/{agent_id}/files?is_open=true", "/v1/jobs/?source_id={folder_id}&after={job_id}",
        "/v1/jobs/?active=true",
        "/v1/server/agents?order_by=name&state=failed", "/v1/server/agents?order_by=name&order=desc&after={agent}",
        "/v1/server/agents?order_by=last_run_completion&state=waiting&tag=x", "/v1/server/agents?state=running&model=m",
        "/v1/server/agents?state=failed", "/v1/server/agents?model=m&after={agent}",
        "/v1/server/agents?order_by=cost", "/v1/server/agents?order_by=cost&order=asc&after={agent}",
    ]

    /// Their messages are in order by run and then within the run: no index has both.
    private static let sorted: Set<String> = [
        "/v1/groups/{group_id}/messages", "/v1/messages/batches/{batch_id}/messages",
        // Sums are in order of their size, which is known once they are made.
        "/v1/usage/summary",
        // Those that wait or run are few: they are found first.
        "/v1/server/agents?order_by=last_run_completion&state=waiting&tag=x",
        "/v1/server/agents?state=running&model=m",
        // Nor are costs known before they are summed up.
        "/v1/server/agents?order_by=cost", "/v1/server/agents?order_by=cost&order=asc&after={agent}",
    ]

    @Test(arguments: Engines.all)
    func `reading`(_ engine: TestEngine) async throws {
        let scans = WatchingStorage.Scans()
        try await withServer(on: engine, { $0.wrapStorage = { WatchingStorage(base: $0, scans: scans) } }) { server in
            try await server.seedEverything()
            try await seed(server)
            _ = scans.take()
            let all = try await server.operations().filter { $0.verb == .get }.map(\.path)
            for path in Self.requests + all where path != "/metrics" {
                let answer = try await server.get(path, as: .legacy)
                #expect(answer.status == TestServer.status(ofReading: path), "\(path): \(answer.text)")
                for (sql, tables) in scans.take() where !(Self.sorted.contains(path) && tables == ["(sorted)"]) {
                    Issue.record("\(path) reads all of \(tables.sorted().joined(separator: ", ")): \(sql)")
                }
            }
        }
    }

    @Test(arguments: Engines.all)
    func `changing`(_ engine: TestEngine) async throws {
        let scans = WatchingStorage.Scans()
        try await withServer(on: engine, { $0.wrapStorage = { WatchingStorage(base: $0, scans: scans) } }) { server in
            try await seed(server)
            server["other"] = try await server.newBlock("other")
            server["tool"] = try #require(try await server.get("/v1/agents/{agent}/tools").ids.first)
            _ = scans.take()
            for row: Scenario in [
                .patch(
                    "/v1/agents/{agent}", ["name": "b", "system": "s", "tags": ["z"], "secrets": ["A": "b"]],
                    expect: 200),
                .patch("/v1/agents/{agent}/core-memory/blocks/human", ["value": "x", "label": "h"], expect: 200),
                .patch("/v1/agents/{agent}/core-memory/blocks/attach/{other}", expect: 200),
                .patch("/v1/blocks/{other}", ["value": "y", "tags": ["q"]], expect: 200),
                .patch("/v1/agents/{agent}/core-memory/blocks/detach/{other}", expect: 200),
                .patch("/v1/agents/{agent}/tools/detach/{tool}", expect: 200),
                .patch("/v1/agents/{agent}/tools/attach/{tool}", expect: 200),
                .patch("/v1/agents/{agent}", ["block_ids": ["{other}"], "tool_ids": ["{tool}"]], expect: 200),
                .post("/v1/agents/{agent}/recompile?update_timestamp=true", expect: 200),
                .post(
                    "/v1/agents/search", ["search": [["field": "name", "operator": "eq", "value": "b"]]], expect: 200),
                .post(
                    "/v1/agents/search", ["search": [["field": "tags", "operator": "contains", "value": ["z"]]]],
                    expect: 200),
                .post(
                    "/v1/agents/", ["model": model, "block_ids": ["{other}"], "tools": ["memory"], "tags": ["z"]],
                    expect: 200),
                .post("/v1/agents/{agent}/archival-memory", ["text": "some words", "tags": ["x"]], expect: 200),
                .post("/v1/passages/search", ["query": "some words", "tags": ["x"], "limit": 5], expect: 200),
                .post("/v1/passages/search", ["agent_id": "{agent}", "limit": 5], expect: 200),
                .post("/v1/passages/search", ["limit": 5], expect: 200),
                .post("/v1/passages/search", ["agent_id": "{agent}", "limit": 5, "after": "{passage}"], expect: 200),
                .post("/v1/messages/search", ["query": "some words", "agent_id": "{agent}"], expect: 200),
                .post("/v1/messages/search", ["query": "some words", "start_date": "2020-01-01"], expect: 200),
                .post("/v1/messages/search", ["query": "?!", "agent_id": "{agent}"], expect: 200),
                .post("/v1/messages/search", ["query": "?!", "conversation_id": "default"], expect: 200),
                .delete("/v1/agents/{agent}/archival-memory/{passage}", expect: 200),
                .post("/v1/archives/", ["name": "b"], expect: 200).keep("more"),
                .patch("/v1/archives/{more}", ["name": "c"], expect: 200),
                .post("/v1/archives/{more}/passages", ["text": "more words"], expect: 200).keep("passage"),
                .delete("/v1/archives/{more}/passages/{passage}", expect: 204),
                .patch("/v1/agents/{agent}/archives/detach/{archive}", expect: 200),
                .patch("/v1/agents/{agent}/archives/attach/{more}", expect: 200),
                .delete("/v1/archives/{more}", expect: 204),
                .post("/v1/agents/{agent}/archival-memory", ["text": "new archive"], expect: 200),
                .put("/v1/tools/", ["source_code": ToolTests.source()], expect: 200).keep("own"),
                .patch("/v1/tools/{own}", ["source_code": ToolTests.source("plus")], expect: 200),
                .patch("/v1/agents/{agent}/tools/attach/{own}", expect: 200),
                .delete("/v1/tools/{own}", expect: 200),
                .post("/v1/folders/", ["name": "f", "embedding": "openai/text-embedding-3-small"], expect: 200)
                    .keep("folder"),
                .patch("/v1/folders/{folder}", ["name": "g"], expect: 200),
                .patch("/v1/agents/{agent}/folders/attach/{folder}", expect: 200),
                .patch("/v1/agents/{agent}/files/close-all", expect: 200),
                .patch("/v1/agents/{agent}/folders/detach/{folder}", expect: 200),
                .patch("/v1/agents/{agent}", ["folder_ids": ["{folder}"]], expect: 200),
                .delete("/v1/folders/{folder}", expect: 200),
                .post(
                    "/v1/groups/",
                    ["agent_ids": ["{agent}"], "description": "d", "shared_block_ids": ["{other}"]], expect: 200
                ).keep("group"),
                .patch("/v1/groups/{group}", ["agent_ids": [], "shared_block_ids": []], expect: 200),
                .patch("/v1/groups/{group}/blocks/attach/{other}", expect: 200),
                .patch("/v1/groups/{group}/blocks/detach/{other}", expect: 200),
                .delete("/v1/groups/{group}", expect: 200),
                .patch("/v1/agents/{agent}/core-memory/blocks/attach/{other}", expect: 200),
                .post("/v1/conversations/?agent_id={agent}", ["isolated_block_labels": ["other"]], expect: 200)
                    .keep("talk"),
                .post("/v1/conversations/{talk}/fork", expect: 200).keep("fork"),
                .post("/v1/conversations/{agent}/fork", expect: 200),
                .post("/v1/conversations/{fork}/recompile", expect: 200),
                .patch("/v1/conversations/{fork}", ["summary": "s"], expect: 200),
                .delete("/v1/conversations/{talk}", expect: 200),
                .delete("/v1/blocks/{other}", expect: 200),
                .delete("/v1/agents/{agent}", expect: 200),
            ] + Self.toolSettings {
                try await server.run(row)
                for (sql, tables) in scans.take() {
                    Issue.record(
                        "\(row.verb) \(row.path) reads all of \(tables.sorted().joined(separator: ", ")): \(sql)")
                }
            }
        }
    }

    private static let toolSettings: [Scenario] = [
        .post("/v1/sandbox-config/local/default", expect: 200).keep("sandbox"),
        .post("/v1/sandbox-config/local", ["use_venv": true], expect: 200),
        .post("/v1/sandbox-config/{sandbox}/environment-variable", ["key": "A", "value": "a"], expect: 200)
            .keep("variable"),
        .post("/v1/sandbox-config/{sandbox}/environment-variable", ["key": "A", "value": "b"], expect: 200),
        .patch("/v1/sandbox-config/environment-variable/{variable}", ["key": "B"], expect: 200),
        .get("/v1/sandbox-config/{sandbox}/environment-variable?after={variable}&limit=1", expect: 200),
        .post("/v1/tools/run", ["source_code": ToolTests.source(), "args": ["a": 1]], expect: 200),
        .delete("/v1/sandbox-config/environment-variable/{variable}", expect: 204),
        .delete("/v1/sandbox-config/{sandbox}", expect: 204),
        .put("/v1/tools/mcp/servers", ["server_name": "a", "command": "c"], expect: 200),
        .patch("/v1/tools/mcp/servers/a", ["server_name": "b"], expect: 200),
        .get("/v1/mcp-servers/?limit=1&order=desc", expect: 200),
        .delete("/v1/tools/mcp/servers/b", expect: 200),
        .post("/v1/tools/search", ["query": "memory", "tool_types": ["letta_core"], "limit": 1], expect: 200),
    ]

    @Test(arguments: Engines.all)
    func `active jobs are found without those that have ended`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let plan = try await server.storage.read { db in
                let query: SQLText = """
                    SELECT id FROM job
                    WHERE organization_id = 'x' AND status IN ('created', 'pending', 'running')
                    ORDER BY created_at, id LIMIT 5
                    """
                guard db.dialect == .postgres else {
                    return try db.rows("EXPLAIN QUERY PLAN \(query)").map { try $0["detail"] as String }
                }
                for way in ["seqscan", "bitmapscan", "sort"] {
                    _ = try db.execute("SET LOCAL enable_\(SQLText(stringLiteral: way)) = off")
                }
                return try db.rows("EXPLAIN (COSTS OFF) \(query)").map { try $0["QUERY PLAN"] as String }
            }
            #expect(plan.contains { $0.contains("job_active") }, "\(plan)")
        }
    }

    @Test(arguments: Engines.all)
    func `what is watched for is seen`(_ engine: TestEngine) async throws {
        let scans = WatchingStorage.Scans()
        try await withServer(on: engine, { $0.wrapStorage = { WatchingStorage(base: $0, scans: scans) } }) { server in
            _ = scans.take()
            _ = try await server.storage.read { db in try db.rows("SELECT id FROM message WHERE role = 'tool'") }
            #expect(scans.take().values.flatMap { $0 } == ["message"])
            _ = try await server.storage.read { db in
                try db.rows("SELECT id FROM agent WHERE organization_id = 'x' ORDER BY timezone LIMIT 1")
            }
            #expect(scans.take().values.flatMap { $0 } == ["(sorted)"])
        }
    }

    private func seed(_ server: TestServer) async throws {
        server["block"] = try await server.newBlock("human", "x", ["tags": ["x"]])
        server["agent"] = try await server.newAgent(
            "a", ["block_ids": ["{block}"], "tags": ["x"], "secrets": ["K": "v"]])
        let memory = try await server.send(
            .post, "/v1/agents/{agent}/archival-memory", ["text": "some words", "tags": ["x", "y"]])
        server["passage"] = try #require(memory.ids.first, "\(memory.text)")
        server["archive"] = try #require(memory.json[0]?["archive_id"]?.string)
        server["gone"] = try await server.newAgent("gone")
        server["tool"] = try #require(try await server.get("/v1/tools/?limit=1").ids.first)
        try await server.run([.delete("/v1/agents/{gone}", expect: 200)])
    }
}
