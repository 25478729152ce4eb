import JSON
import TestSupport

extension TestServer {
    /// A second one of each list of batches, schedules, tokens and messages of a group.
    func seedMoreBatches() async throws {
        try await run([
            .post(
                "/v1/agents/{agent_id}/schedule",
                [
                    "messages": [["role": "user", "content": "x"]],
                    "schedule": ["type": "recurring", "cron_expression": "0 0 1 1 *"],
                ], expect: 200),
            .post(
                "/v1/messages/batches",
                [
                    "requests": [
                        ["agent_id": "{agent_id}", "messages": [["role": "user", "content": "x"]]],
                        ["agent_id": "{second}", "messages": [["role": "user", "content": "x"]]],
                    ]
                ], expect: 200
            ).keep("batch_id"),
            .post(
                "/v1/client-side-access-tokens",
                [
                    "hostname": "https://example.org", "expires_at": "2099-01-01T00:00:00Z",
                    "policy": [["type": "agent", "id": "{agent_id}", "access": ["read_agent"]]],
                ], expect: 200),
            .post("/v1/groups/{group_id}/messages", ["input": "x"], expect: 200),
            .post("/v1/api-keys/", ["name": "second"], expect: 200),
            .put("/v1/quotas/", ["agent_id": "{second}", "turns_per_day": 1_000_000], expect: 200),
        ])
        _ = try await until("/v1/messages/batches/{batch_id}") { $0["status"] == "completed" }
    }
}
