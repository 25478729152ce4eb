import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// The text of a secret is in no response, whichever request stored it.
@Suite(.timeLimit(.minutes(5))) struct SecretTextTests {
    private static let secret = "s3cr3t-Zq8-never-to-be-seen"

    /// Requests that store the secret, one after the other, with its text as `{secret}`.
    private static let storing: [(verb: HTTPVerb, path: String, body: JSONValue)] =
        [
            (.post, "/v1/agents/", ["model": model, "secrets": ["A": "{secret}"]]),
            (.post, "/v1/agents/", ["model": model, "tool_exec_environment_variables": ["B": "{secret}"]]),
            (.patch, "/v1/agents/{agent_id}", ["secrets": ["C": "{secret}", "D": "x{secret}x"]]),
            (.patch, "/v1/agents/{agent_id}", ["tool_exec_environment_variables": ["E": "{secret}"]]),
            (.patch, "/v1/agents/{agent_id}", ["name": "renamed", "secrets": ["F": "{secret}"]]),
            (.patch, "/v1/providers/{provider_id}", ["api_key": "{secret}", "access_key": "x{secret}x"]),
        ] + storingSettings

    private static let storingSettings: [(verb: HTTPVerb, path: String, body: JSONValue)] = [
        (
            .post, "/v1/sandbox-config/{sandbox_config_id}/environment-variable", ["key": "G", "value": "{secret}"]
        ),
        (.patch, "/v1/sandbox-config/environment-variable/{env_var_id}", ["value": "{secret}"]),
        (.patch, "/v1/mcp-servers/{mcp_server_id}", ["config": ["env": ["H": "{secret}"]]]),
        (
            .put, "/v1/tools/mcp/servers",
            [
                "server_name": "remote", "server_url": "http://a", "auth_token": "{secret}",
                "custom_headers": ["X": "{secret}"],
            ]
        ),
        (.patch, "/v1/tools/mcp/servers/remote", ["token": "{secret}"]),
    ]

    @Test(arguments: Engines.scenarios)
    func `no response holds it`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            server["secret"] = Self.secret
            for caller in [TestCaller.v1, .legacy] {
                for row in Self.storing {
                    let answer = try await server.send(row.verb, row.path, row.body, as: caller).expect(200)
                    expectNoSecret(in: answer, "\(row.verb) \(row.path) \(row.body)")
                }
                let operations = try await server.operations()
                #expect(operations.count > 100)
                // What deletes comes last.
                for operation in operations.filter({ $0.verb != .delete }) + operations.filter({ $0.verb == .delete }) {
                    let body: JSONValue? = operation.verb == .get ? nil : TestServer.body(for: operation)
                    let answer = try await server.send(operation.verb, operation.path, body, as: caller)
                    expectNoSecret(in: answer, "\(operation)")
                }
                for path in ["/v1/agents/?include=agent.secrets", "/v1/agents/?include_relationships=secrets"] {
                    expectNoSecret(in: try await server.get(path, as: caller), path)
                }
                try await server.seedEverything()
            }
            #expect(!server.errors.joined().contains(Self.secret))
        }
    }

    private func expectNoSecret(in answer: Answer, _ request: String) {
        #expect(!answer.text.contains(Self.secret), "\(request): \(answer.text.prefix(600))")
    }

    @Test(arguments: Engines.scenarios)
    func `a sealed secret opens in its own row alone`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let look = """
                def look(name: str):
                    '''Look.

                    Args:
                        name: of what
                    '''
                    import os
                    return os.environ.get(name)
                """
            try await server.send(.put, "/v1/tools/", ["source_code": .string(look)]).expect(200)
            var agents: [String] = []
            for secrets in [["KEY": "one", "OTHER": "two"], ["KEY": "three"]] as [JSONValue] {
                agents.append(
                    try await server.newAgent(["tools": ["look"], "include_base_tools": false, "secrets": secrets]))
            }
            func sees(_ name: String, _ agent: String) async throws -> String {
                server.model.play(.call("look", ["name": .string(name)]), .say("done"))
                let answer = try await server.say("Look", to: agent).expect(200)
                return answer.json["messages"]?[1]?["tool_return"]?.string ?? answer.text
            }
            #expect(try await sees("KEY", agents[0]) == "one")
            #expect(try await sees("KEY", agents[1]) == "three")
            // Whoever can write to the database moves a secret to an agent of theirs, or to another name.
            for (name, agent) in [("KEY", agents[1]), ("OTHER", agents[0])] {
                let kept: String? = try await server.storage.write { [agents] db in
                    let kept: String? = try db.value(
                        "SELECT sealed_value FROM agent_secret WHERE agent_id = \(agent) AND name = \(name)")
                    let moved: String? = try db.value(
                        "SELECT sealed_value FROM agent_secret WHERE agent_id = \(agents[0]) AND name = 'KEY'")
                    try db.execute(
                        "UPDATE agent_secret SET sealed_value = \(moved) WHERE agent_id = \(agent) AND name = \(name)")
                    return kept
                }
                let seen = try await sees(name, agent)
                #expect(seen.contains("'\(name)' can't be decrypted"), "\(name): \(seen)")
                try await server.storage.write { db in
                    _ = try db.execute(
                        "UPDATE agent_secret SET sealed_value = \(kept) WHERE agent_id = \(agent) AND name = \(name)")
                }
            }
            #expect(try await sees("KEY", agents[1]) == "three")
        }
    }
}
