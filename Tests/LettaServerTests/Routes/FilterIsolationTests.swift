import JSON
import LettaAPI
import TestSupport
import Testing

/// No filter of a list opens it to another organization.
@Suite(.timeLimit(.minutes(5))) struct FilterIsolationTests {
    /// Values that find what ``TestServer/seedEverything()`` has stored, by the name of the parameter.
    private static let values: [String: [String]] = [
        "agent_id": ["{agent_id}"], "agent_ids": ["{agent_id}"], "block_id": ["{block_id}"],
        "tool_ids": ["{tool_id}"], "archive_id": ["{archive_id}"], "run_id": ["{run_id}"], "step_id": ["{step_id}"],
        "manager_agent_id": ["{agent_id}"], "name": ["Ada", "human", "memory_insert", "Ada's%20Archive"],
        "names": ["memory_insert"], "tags": ["one", "t"], "label": ["human"], "label_search": ["hum"],
        "value_search": ["Ann"], "query_text": ["Ada", "one"], "search": ["memory"], "tool_types": ["letta_core"],
        "statuses": ["completed"], "stop_reason": ["end_turn"], "last_stop_reason": ["end_turn"],
        "model": ["gpt-4o-mini"], "created_by_id": ["user-00000000-0000-4000-8000-000000000000"],
        "before": ["{agent_id}", "{block_id}", "{run_id}", "{step_id}", "{message_id}", "{archive_id}", "{tool_id}"],
        "after": ["{agent_id}", "{block_id}", "{run_id}", "{step_id}", "{message_id}", "{archive_id}", "{tool_id}"],
        "order": ["asc", "desc"], "limit": ["0", "1000"],
        "source_id": ["{folder_id}"],
        "provider_type": ["google_vertex"],
        "sandbox_type": ["local"],
        "conversation_id": ["{conversation_id}", "default"], "manager_type": ["round_robin"],
        "archive_status": ["unarchived", "archived", "all"],
        "order_by": ["created_at", "last_run_completion", "last_message_at"],
    ]
    /// For a parameter that is not listed: what a flag, a number or a text may be.
    private static let others = ["true", "false", "0", "1", "x"]

    /// Filters that must find something for the owner: otherwise the test would prove nothing about them.
    private static let finding: Set<String> = [
        "/v1/agents/ name", "/v1/agents/ tags", "/v1/agents/ query_text", "/v1/agents/ last_stop_reason",
        "/v1/agents/ created_by_id", "/v1/agents/count name", "/v1/agents/count tags", "/v1/archives/ agent_id",
        "/v1/blocks/ label", "/v1/blocks/ tags", "/v1/blocks/ label_search", "/v1/blocks/ value_search",
        "/v1/messages/ after", "/v1/runs/ agent_id", "/v1/runs/ agent_ids", "/v1/runs/ statuses",
        "/v1/runs/ stop_reason", "/v1/runs/ background", "/v1/steps/ agent_id", "/v1/steps/ model",
        "/v1/tags/ query_text", "/v1/tools/ name", "/v1/tools/ names", "/v1/tools/ tool_ids", "/v1/tools/ tool_types",
        "/v1/tools/ search",
        "/v1/folders/ name", "/v1/sources/ name", "/v1/jobs/ source_id", "/v1/jobs/ active",
        "/v1/jobs/active source_id",
        "/v1/providers/ name", "/v1/providers/ provider_type",
        "/v1/sandbox-config/ sandbox_type", "/v1/mcp-servers/ order",
        "/v1/conversations/ agent_id", "/v1/groups/ manager_type", "/v1/messages/ conversation_id",
    ]

    private static let common: Set<String> = [
        "/v1/health/", "/v1/ready/", "/v1/models/", "/v1/models/embedding", "/openapi.json", "/metrics",
        "/v1/models/doctor",
    ]

    /// What every organization has of its own: its base tools, itself and its users.
    private static let own: Set<String> = [
        "/v1/tools/", "/v1/tools/count", "/v1/admin/orgs/", "/v1/admin/users/", "/v1/projects", "/v1/templates",
        "/v1/usage/summary",
    ]

    private func isEmpty(_ json: JSONValue) -> Bool {
        [[], 0, false].contains(json) || json.object?.allSatisfy { isEmpty($0.value) } == true || json == .null
    }

    @Test(arguments: Engines.scenarios)
    func `every filter of every list`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            let run = try await server.send(.post, "/v1/agents/{agent_id}/messages/async", ["input": "Hi."]).expect(200)
            _ = try await server.follow(run.id)
            let other = try await server.addOrganization()
            let secrets = try await server.uuids(of: Organization.defaultID.rawValue)
            var found: Set<String> = []
            let paths = try #require(try await server.get("/openapi.json").json["paths"]?.object)
            for (path, item) in paths where !path.contains("{") && !Self.common.contains(path) {
                let parameters = (item["get"]?["parameters"]?.array ?? []).filter { $0["in"] == "query" }
                for name in parameters.compactMap({ $0["name"]?.string }) {
                    for value in Self.values[name] ?? Self.others {
                        let query = "\(path)?\(name)=\(value)"
                        let ours = try await server.get(query)
                        if ours.status == 200, !isEmpty(ours.json) { found.insert("\(path) \(name)") }
                        let theirs = try await server.get(query, as: other)
                        // Another organization's cursor does not exist; some values suit no filter.
                        guard ![400, 404, 422].contains(theirs.status) else { continue }
                        theirs.expect(200)
                        let isTheirs = Self.own.contains(path) && theirs.text.uuids.isDisjoint(with: secrets)
                        #expect(isTheirs || isEmpty(theirs.json), "\(query): \(theirs.text.prefix(300))")
                    }
                }
            }
            #expect(Self.finding.subtracting(found) == [], "these find nothing for the owner either")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `every search`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            try await server.run([
                .post("/v1/tools/", ["source_code": ToolTests.source("unicorn")], expect: 200)
            ])
            let other = try await server.addOrganization()
            for (path, body, part) in [
                ("/v1/agents/search", [:], "agents"),
                ("/v1/agents/search", ["search": [["field": "name", "operator": "eq", "value": "Ada"]]], "agents"),
                (
                    "/v1/agents/search", ["search": [["field": "tags", "operator": "contains", "value": ["one"]]]],
                    "agents"
                ),
                ("/v1/passages/search", ["query": "likes"], nil),
                ("/v1/passages/search", ["query": "likes", "tags": ["t"]], nil),
                ("/v1/passages/search", ["archive_id": "{archive_id}"], nil),
                ("/v1/messages/search", ["query": "Hi"], nil),
                ("/v1/tools/search", ["query": "unicorn"], nil),
            ] as [(String, JSONValue, String?)] {
                func rows(_ answer: Answer) -> JSONValue { part.flatMap { answer.json[$0] } ?? answer.json }
                let theirs = try await server.send(.post, path, body, as: other)
                #expect(theirs.status == 404 || isEmpty(rows(theirs)), "\(path): \(theirs.text)")
                let ours = try await server.send(.post, path, body).expect(200)
                #expect(!isEmpty(rows(ours)), "\(path) \(body) finds nothing at all")
            }
        }
    }
}
