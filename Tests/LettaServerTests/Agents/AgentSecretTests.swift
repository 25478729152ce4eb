import Foundation
import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// Secrets go in and never come out: not in answers, not in the database.
@Suite(.timeLimit(.minutes(5))) struct AgentSecretTests {
    private let secret = "s3cr3t-Zq8-never-to-be-seen"

    @Test(arguments: Engines.all)
    func `masked in answers, sealed in the table`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let value = JSONValue.string(secret)
            try await server.run([
                .post(
                    "/v1/agents/", ["model": model, "secrets": ["B": value, "A": "x"]], expect: 200,
                    [
                        "secrets": [
                            ["key": "A", "value": "********", "value_enc": "********", "agent_id": .id("agent")],
                            ["key": "B", "value": "********", "id": .id("agent-env")],
                        ],
                        "tool_exec_environment_variables": .elements(2),
                    ]
                ).keep("agent"),
                .patch("/v1/agents/{agent}", ["secrets": ["C": value]], expect: 200, ["secrets": [["key": "C"]]]),
                .patch("/v1/agents/{agent}", ["name": "b"], expect: 200, ["secrets": [["key": "C"]]]),
                .post(
                    "/v1/agents/", ["model": model, "tool_exec_environment_variables": ["D": value]], expect: 200,
                    ["secrets": [["key": "D", "value": "********"]]]),
            ])
            for path in ["/v1/agents/{agent}", "/v1/agents/", "/v1/agents/{agent}/context"] {
                #expect(try await !server.get(path, as: .legacy).text.contains(secret))
            }
            let sealed = try await server.storage.read { db in
                try db.rows("SELECT sealed_value FROM agent_secret ORDER BY name").map { row in
                    try row["sealed_value"] as String
                }
            }
            #expect(sealed.count == 2)
            #expect(sealed.allSatisfy { $0.hasPrefix("v1:") && !$0.contains(secret) })
            #expect(Set(sealed).count == 2, "the same secret is sealed differently each time")
            #expect(try await !self.dump(server).contains(secret))
        }
    }

    @Test(arguments: Engines.all)
    func `a mask keeps the stored value`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let look =
                "def look():\n    'Look.'\n    import os\n    return os.environ.get('A', '') + os.environ.get('B', '')"
            try await server.send(.put, "/v1/tools/", ["source_code": .string(look)]).expect(200)
            let agent = try await server.newAgent(
                ["tools": ["look"], "include_base_tools": false, "secrets": ["A": "one ", "B": "two"]])
            let path = "/v1/agents/\(agent)"
            let before = try await server.send(.get, path, as: .legacy).json["secrets"]
            let mask: JSONValue = "********"
            for (name, body, seen) in [
                ("an object", ["secrets": ["A": mask, "B": mask]], "one two"),
                ("what was read", ["secrets": before ?? nil], "one two"),
                ("the other name", ["tool_exec_environment_variables": before ?? nil], "one two"),
                ("one new value", ["secrets": ["A": "new ", "B": mask]], "new two"),
                (
                    "an edit beside what was read",
                    ["secrets": before ?? nil, "tool_exec_environment_variables": ["A": "other ", "B": mask]],
                    "other two"
                ),
                ("one left out", ["secrets": ["B": mask]], "two"),
            ] as [(String, JSONValue, String)] {
                try await server.send(.patch, path, body).expect(200)
                server.model.play(.call("look", [:]), .say("done"))
                let answer = try await server.say("Look", to: agent)
                #expect(answer.json["messages"]?[1]?["tool_return"]?.string == seen, "\(name): \(answer.text)")
            }
            for body: JSONValue in [
                ["secrets": ["B": mask, "C": mask]], ["tool_exec_environment_variables": ["C": mask]],
            ] {
                let refused = try await server.send(.patch, path, body)
                #expect(refused.names("secrets") && refused.text.contains("no secret named 'C'"), "\(refused.text)")
            }
            let made = try await server.send(.post, "/v1/agents/", ["model": model, "secrets": ["C": mask]])
            #expect(made.names("secrets"), "\(made.text)")
            let after = try await server.send(.get, path, as: .legacy).json["secrets"]
            #expect(after?.array?.count == 1)
            #expect(after?[0]?["id"] == before?[1]?["id"] && after?[0]?["updated_at"] == before?[1]?["updated_at"])
        }
    }

    @Test(arguments: Engines.all)
    func `a sealed value opens in its own row alone`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let look = "def look():\n    'Look.'\n    import os\n    return str(dict(os.environ))"
            try await server.send(.put, "/v1/tools/", ["source_code": .string(look)]).expect(200)
            var ids: [String] = []
            for secrets: JSONValue in [
                ["A": "mine", "B": "harmless"], ["A": .string(secret)], ["A": "mine", "B": .string(secret)],
            ] {
                ids.append(
                    try await server.newAgent(["tools": ["look"], "include_base_tools": false, "secrets": secrets]))
            }
            let (thief, owner, other) = (ids[0], ids[1], ids[2])
            for (from, source, to) in [(owner, "A", thief), (other, "B", other)] {
                try await server.storage.write { db in
                    try db.execute(
                        """
                        UPDATE agent_secret SET sealed_value = (
                            SELECT sealed_value FROM agent_secret WHERE agent_id = \(from) AND name = \(source))
                        WHERE agent_id = \(to) AND name = 'A'
                        """)
                }
                server.model.play(.call("look", [:]), .say("done"))
                let answer = try await server.say("Look", to: to)
                #expect(answer.json["messages"]?[1]?["status"] == "error", "\(answer.text)")
                #expect(!answer.text.contains(secret))
            }
            server.model.play(.call("look", [:]), .say("done"))
            #expect(try await server.say("Look", to: owner).text.contains(secret))
        }
    }

    /// All that is in the database as text: the files themselves, or all rows.
    private func dump(_ server: TestServer) async throws -> String {
        guard let file = server.database.file else {
            return try await server.storage.read { db in
                let tables: [String] = try db.rows(
                    "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
                ).map { try $0["tablename"] }
                return try tables.flatMap { table in
                    try db.rows("SELECT CAST(t.* AS TEXT) AS line FROM \(SQLText(stringLiteral: table)) t").map { row in
                        try row["line"] as String
                    }
                }.joined(separator: "\n")
            }
        }
        return ["", "-wal", "-shm"].map { ending in
            guard let data = FileManager.default.contents(atPath: file + ending) else { return "" }
            return String(decoding: data, as: Unicode.ASCII.self)
        }.joined()
    }

    @Test(arguments: Engines.all)
    func `a server with another key does not start`(_ engine: TestEngine) async throws {
        try await TestDatabase.with(engine) { database in
            var options = TestServer.Options()
            options.encryptionKeys = ["one"]
            await (try TestServer(database, options)).close()
            options.encryptionKeys = ["two"]
            await #expect { _ = try await TestServer(database, options) } throws: { "\($0)".contains("encryption key") }
            options.encryptionKeys = ["two", "one"]
            await (try TestServer(database, options)).close()
        }
    }

    @Test(arguments: Engines.all)
    func `a key is replaced by giving both once`(_ engine: TestEngine) async throws {
        try await TestDatabase.with(engine) { database in
            var options = TestServer.Options()
            options.encryptionKeys = ["one"]
            let server = try await TestServer(database, options)
            try await server.newAgent("Ada", ["secrets": ["KEY": "value"]])
            await server.close()
            options.encryptionKeys = ["two", "one"]
            await (try TestServer(database, options)).close()
            options.encryptionKeys = ["one"]
            await #expect { _ = try await TestServer(database, options) } throws: { "\($0)".contains("encryption key") }
            options.encryptionKeys = ["two"]
            let renewed = try await TestServer(database, options)
            #expect(try await renewed.get("/v1/agents/", as: .legacy).json[0]?["secrets"]?[0]?["key"] == "KEY")
            await renewed.close()
        }
    }
}
