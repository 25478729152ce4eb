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
