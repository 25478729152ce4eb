import JSON
import LettaAPI
import TestSupport
import Testing

/// Parts of deployments of templates that are kept elsewhere.
@Suite(.timeLimit(.minutes(2))) struct InternalTemplateTests {
    private static let path = "/v1/_internal_templates"

    private static func part(_ fields: JSONObject) -> JSONValue {
        var body: JSONObject = [
            "template_id": "t-1", "base_template_id": "bt-1", "deployment_id": "dep-1", "entity_id": "ent-1",
        ]
        for (name, value) in fields { body[name] = value }
        return .object(body)
    }

    @Test(arguments: Engines.all)
    func `what belongs to a deployment is made, listed and deleted`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let other = try await server.addOrganization()
            let origin = Self.part([:])
            let config: JSONValue = ["model": "m", "model_endpoint_type": "openai", "context_window": 7_000]
            try await server.run([
                .post("\(Self.path)/blocks", Self.part(["label": "human", "value": "v"]), expect: 200, origin)
                    .keep("human"),
                .post(
                    "\(Self.path)/blocks/batch",
                    [
                        Self.part(["label": "a", "value": "v", "tags": ["t"]]),
                        Self.part(["label": "b", "value": "v"]),
                    ], expect: 200, [["label": "a", "tags": ["t"], "description": nil], ["label": "b"]]),
                .post("\(Self.path)/blocks", ["label": "human", "value": "v"], expect: 422).field("template_id"),
                .post("\(Self.path)/agents", Self.part(["name": "x", "model": model]), expect: 400),
                .post(
                    "\(Self.path)/agents", ["llm_config": config, "deployment_id": "d", "entity_id": "e"], expect: 422
                )
                .field("template_id"),
                .post("\(Self.path)/agents", Self.part(["name": "Ada", "llm_config": config]), expect: 200, origin)
                    .keep("agent"),
                .post(
                    "\(Self.path)/groups", Self.part(["agent_ids": ["{agent}"], "description": "tg"]), expect: 200,
                    ["template_id": "t-1", "base_template_id": "bt-1", "deployment_id": "dep-1"]
                ).keep("group"),
            ])
            try await server.restart()
            let missing: JSONValue = ["entities": [], "total_count": 0]
            try await server.run([
                .get("/v1/groups/{group}", expect: 200, ["template_id": "t-1", "deployment_id": "dep-1"]),
                .get(
                    "\(Self.path)/deployment/dep-1", expect: 200,
                    [
                        "entities": [
                            ["type": "block", "name": "b"], ["name": "a"], ["id": "{human}", "entity_id": "ent-1"],
                            ["id": "{agent}", "type": "agent", "name": "Ada"],
                            ["id": "{group}", "type": "group", "name": nil, "description": "tg", "entity_id": nil],
                        ], "total_count": 5, "deployment_id": "dep-1",
                        "message": "Found 5 entities for deployment dep-1",
                    ]),
                .get("\(Self.path)/deployment/dep-1?entity_types=agent", expect: 200, ["total_count": 1]),
                .get("\(Self.path)/deployment/zzz", expect: 200, missing),
                .get("\(Self.path)/deployment/dep-1", as: other, expect: 200, missing),
                .delete("\(Self.path)/deployment/dep-1", as: other, expect: 200, ["deleted_agents": []]),
                .delete(
                    "\(Self.path)/deployment/dep-1", expect: 200,
                    [
                        "deleted_blocks": .elements(3), "deleted_agents": ["{agent}"], "deleted_groups": ["{group}"],
                        "message": "Successfully deleted 5 entities from deployment dep-1",
                    ]),
                .get("/v1/agents/{agent}", expect: 404),
                .get("/v1/blocks/{human}", expect: 404),
                .get("\(Self.path)/deployment/dep-1", expect: 200, missing),
            ])
        }
    }
}
