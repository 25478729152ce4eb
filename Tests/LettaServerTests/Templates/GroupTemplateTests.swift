import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// Templates of several agents, with their group and the blocks that they share.
@Suite(.timeLimit(.minutes(2))) struct GroupTemplateTests {
    private static let path = "/v1/templates/default-project/team"

    /// A boss, two workers that share a block with it, and the group of the three.
    private func withTeam(
        on engine: TestEngine, _ body: @Sendable @escaping (TestServer) async throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .post("/v1/blocks/", ["label": "plan", "value": "Build {{thing}}."], expect: 200).keep("plan")
            ])
            for name in ["boss", "ann", "bob"] {
                server[name] = try await server.newAgent(
                    name,
                    [
                        "agent_type": "letta_v1_agent",
                        "memory_blocks": [["label": "persona", "value": .string(name)]],
                    ])
            }
            try await server.run([
                .post(
                    "/v1/groups/",
                    [
                        "agent_ids": ["{ann}", "{bob}"], "description": "a team", "shared_block_ids": ["{plan}"],
                        "manager_config": ["manager_type": "supervisor", "manager_agent_id": "{boss}"],
                    ], expect: 200
                ).keep("group"),
                .post("/v1/templates", ["type": "agent", "agent_id": "{boss}", "name": "team"], expect: 201),
            ])
            try await body(server)
        }
    }

    /// The agents of a new deployment, by their names.
    private func deploy(_ server: TestServer, _ body: JSONObject = [:]) async throws -> JSONValue {
        let made = try await server.send(.post, "\(Self.path):latest/agents", .object(body)).expect(201)
        for agent in made.json["agents"]?.array ?? [] {
            server["new \(agent["name"]?.string ?? "")"] = agent["id"]?.string ?? ""
        }
        server["new group"] = made.json["group"]?["id"]?.string ?? ""
        server["deployment"] = made.json["deployment_id"]?.string ?? ""
        return made.json
    }

    /// The block that an agent has under a label.
    private func block(_ label: String, of agent: String, _ server: TestServer) async throws -> JSONValue {
        try await server.get("/v1/agents/{\(agent)}/core-memory/blocks/\(label)").expect(200).json
    }

    @Test(arguments: Engines.all)
    func `a group becomes a template, and the template a group`(_ engine: TestEngine) async throws {
        try await withTeam(on: engine) { server in
            let other = try await server.addOrganization()
            let snapshot = try await server.get("\(Self.path):1/snapshot").expect(
                200,
                [
                    "type": "supervisor", "agents": [["name": "boss"], ["name": "ann"], ["name": "bob"]],
                    "configuration": ["managerType": "supervisor", "description": "a team"],
                ]
            ).json
            #expect(snapshot["blocks"]?.array?.count == 4, "the shared block once")
            #expect(snapshot["relationships"]?.array?.count == 6)
            let made = try await deploy(server, ["memory_variables": ["thing": "bridges"], "agent_name": "chief"])
            #expect(made["agents"]?.array?.compactMap { $0["name"]?.string } == ["chief", "ann", "bob"])
            try await server.restart()
            try await server.run([
                .get(
                    "/v1/groups/{new group}", expect: 200,
                    [
                        "manager_type": "supervisor", "manager_agent_id": "{new chief}",
                        "agent_ids": ["{new ann}", "{new bob}"], "description": "a team",
                        "deployment_id": "{deployment}",
                    ]),
                .get("/v1/groups/{new group}", as: other, expect: 404),
                .post("\(Self.path):latest/agents", [:], as: other, expect: 404),
                .post("/v1/agents/", ["from_template": "team", "model": model], expect: 400)
                    .note("that makes one agent"),
            ])
            let plan = try await block("plan", of: "new chief", server)
            #expect(plan["value"] == "Build bridges." && plan["id"]?.string != server["plan"])
            for worker in ["new ann", "new bob"] {
                #expect(try await block("plan", of: worker, server)["id"] == plan["id"])
            }
            #expect(try await block("persona", of: "new ann", server)["value"] == "ann")
            server.model.play(.say("Do it."), .say("A."), .say("B."), .say("Done."))
            try await server.run([
                .post(
                    "/v1/groups/{new group}/messages", ["messages": [["role": "user", "content": "Go."]]], expect: 200,
                    ["usage": ["step_count": 4]])
            ])
            // Newer clients get the ids alone.
            let ids = try await server.send(.post, "/v1/templates/team:latest/agents", [:]).expect(201).json
            #expect(ids["agent_ids"]?.array?.count == 3 && ids["group_id"]?.string?.hasPrefix("group-") == true)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a deployment gets another version, each agent its own part`(_ engine: TestEngine) async throws {
        try await withTeam(on: engine) { server in
            _ = try await deploy(server, ["memory_variables": ["thing": "bridges"]])
            var snapshot = try #require(try await server.get("\(Self.path):current/snapshot").json.object)
            let agents = try #require(snapshot["agents"]?.array)
            snapshot["agents"] = .array(
                agents.map { agent in
                    var agent = agent.object ?? [:]
                    agent["systemPrompt"] = .string("You are \(agent["name"]?.string ?? "").")
                    return .object(agent)
                })
            snapshot["blocks"] = .array(
                try #require(snapshot["blocks"]?.array).map { block in
                    var block = block.object ?? [:]
                    if block["label"] == "plan" { block["value"] = "Mend {{thing}}." }
                    return .object(block)
                })
            server["stranger"] = try await server.newAgent("stranger")
            let plan = try await block("plan", of: "new ann", server)["id"]
            try await server.run([
                .put("\(Self.path):current/snapshot", .object(snapshot), expect: 200),
                .post(Self.path, [:], expect: 200, ["latest_version": "2"]),
                .post(
                    "\(Self.path)/deployments/{deployment}/migrate", ["version": "2"], expect: 200,
                    ["message": .text(containing: "3 agents")]),
                .post("/v1/agents/{stranger}/migrate", ["to_template": "team:2"], expect: 400),
                .post("/v1/agents/{new bob}/migrate", ["to_template": "team:1"], expect: 200),
                .post("/v1/agents/{new bob}/migrate", ["to_template": "team:2"], expect: 200),
            ])
            try await server.restart()
            for name in ["boss", "ann", "bob"] {
                try await server.run([
                    .get("/v1/agents/{new \(name)}", expect: 200, ["system": .string("You are \(name).")])
                ])
                let block = try await block("plan", of: "new \(name)", server)
                #expect(block["value"] == "Mend bridges." && block["id"] == plan, "one block for all of them")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `one of the agents becomes a new version of its part`(_ engine: TestEngine) async throws {
        try await withTeam(on: engine) { server in
            _ = try await deploy(server, ["memory_variables": ["thing": "bridges"]])
            try await server.run([
                .patch("/v1/agents/{new ann}", ["system": "You know more."], expect: 200),
                .post("/v1/agents/{new ann}/version-template", expect: 200, ["latest_version": "2"]),
            ])
            let snapshot = try await server.get("\(Self.path):2/snapshot").expect(
                200, ["type": "supervisor", "agents": [["name": "boss"], ["name": "ann"], ["name": "bob"]]]
            ).json
            #expect(snapshot["agents"]?[1]?["systemPrompt"] == "You know more.")
            #expect(snapshot["agents"]?[0]?["systemPrompt"] != "You know more.")
            let plans = (snapshot["blocks"]?.array ?? []).filter { $0["label"] == "plan" }
            #expect(plans.count == 1 && plans[0]["value"] == "Build {{thing}}.", "still shared, with its variable")
            #expect(snapshot["relationships"]?.array?.count == 6)
            _ = try await deploy(server)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a file of several agents becomes a template`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let first = AgentFileSample.file()
            var file = try #require(first.object)
            var second = try #require(first["agents"]?[0]?.object)
            second["id"] = "agent-1"
            second["name"] = "Cy"
            file["agents"] = .array([try #require(first["agents"]?[0]), .object(second)])
            let group: JSONObject = [
                "id": "group-0", "agent_ids": ["agent-0", "agent-1"], "description": "two", "shared_block_ids": [],
                "manager_config": ["manager_type": "round_robin", "max_turns": 3],
            ]
            file["groups"] = [.object(group)]
            var another = group
            another["id"] = "group-1"
            var twice = file
            twice["groups"] = [.object(group), .object(another)]
            let before = try await server.everything().prefix(3)
            try await server.run([
                .post("/v1/templates", ["type": "agent_file", "agent_file": .object(twice), "name": "x"], expect: 422)
                    .field("agent_file").note("two groups"),
                .post(
                    "/v1/templates", ["type": "agent_file", "agent_file": .object(file), "name": "team"], expect: 201),
            ])
            #expect(try await server.everything().prefix(3) == before, "the agents of the file are not left")
            try await server.run([.get("/v1/groups/", expect: 200, [])])
            let made = try await deploy(server)
            #expect(made["agents"]?.array?.compactMap { $0["name"]?.string } == ["Bo", "Cy"])
            try await server.run([
                .get(
                    "/v1/groups/{new group}", expect: 200,
                    ["manager_type": "round_robin", "max_turns": 3, "agent_ids": ["{new Bo}", "{new Cy}"]])
            ])
        }
    }

    @Test func `a working version whose group does not fit is refused`() async throws {
        try await withTeam(on: .sqlite) { server in
            let good = try #require(try await server.get("\(Self.path):current/snapshot").json.object)
            func bad(_ fields: JSONObject) -> JSONValue {
                var copy = good
                for (name, value) in fields { copy[name] = value }
                return .object(copy)
            }
            let agent = try #require(good["agents"]?[0])
            try await server.run([
                .put("\(Self.path):current/snapshot", bad(["configuration": [:]]), expect: 422).field("configuration"),
                .put(
                    "\(Self.path):current/snapshot", bad(["configuration": ["managerAgentEntityId": "nobody"]]),
                    expect: 422
                ).field("configuration"),
                .put(
                    "\(Self.path):current/snapshot",
                    bad(["type": "round_robin", "configuration": ["memberEntityIds": ["nobody"]]]), expect: 422
                ).field("configuration"),
                .put(
                    "\(Self.path):current/snapshot",
                    bad(["type": "round_robin", "configuration": ["maxTurns": 0]]), expect: 422
                ).field("configuration"),
                .put("\(Self.path):current/snapshot", bad(["agents": [agent, agent]]), expect: 422).field("agents"),
                .put("\(Self.path):current/snapshot", bad(["type": "cluster", "configuration": [:]]), expect: 200),
            ])
            // Without a group they are only made together.
            try await server.run([.post(Self.path, [:], expect: 200, ["latest_version": "2"])])
            let made = try await deploy(server)
            #expect(made["agents"]?.array?.count == 3 && (made["group"] ?? .null) == .null)
        }
    }
}
