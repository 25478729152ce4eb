import Foundation
import JSON
import LettaAPI
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// What the server tells of its parts.
@Suite(.timeLimit(.minutes(5))) struct ServerCheckTests {
    /// The checks of a kind.
    private func checks(_ kind: String, _ server: TestServer) async throws -> [JSONValue] {
        let all = try await server.get("/v1/server/checks").expect(200).json.array ?? []
        return all.filter { $0["kind"]?.string == kind }
    }

    @Test(arguments: Engines.all)
    func `each part says how it is and what to do`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .put("/v1/tools/mcp/servers", ["server_name": "good", "server_url": "http://a"], expect: 200),
                .put("/v1/tools/mcp/servers", ["server_name": "bad", "server_url": "http://b"], expect: 200),
                .post("/v1/agents/", ["model": model, "name": "Ada"], expect: 200).keep("agent"),
            ])
            try await server.storage.write { db in
                try db.execute("UPDATE mcp_server SET last_error = 'no route' WHERE server_name = 'bad'")
            }
            let kinds = try await server.get("/v1/server/checks").json.array?.compactMap { $0["kind"]?.string } ?? []
            #expect(Set(kinds).isSuperset(of: ["database", "disk", "sandbox", "local_model", "backup", "agents"]))
            #expect(try await checks("database", server).first?["state"] == "ok")
            let servers = try await checks("mcp_server", server)
            #expect(servers.map { $0["name"] } == ["good", "bad"] && servers.map { $0["state"] } == ["ok", "failed"])
            #expect(servers[1]["seen"] == "no route" && servers[1]["remedy"]?.string?.isEmpty == false)
            #expect(servers[0]["remedy"] == .null)
            #expect(try await checks("agents", server).first?["state"] == "ok")

            server.model.play(.fail(.authentication))
            _ = try await server.say("Hi", to: server["agent"])
            let agents = try #require(try await checks("agents", server).first)
            #expect(agents["state"] == "warning" && agents["seen"]?.string?.contains("Ada") == true)
            // Its models may be listed without a key.
            let provider = try #require(try await checks("provider", server).first)
            #expect(provider["state"] == "failed" && provider["remedy"]?.string?.isEmpty == false)
            server.model.play(.fail(.rateLimited))
            _ = try await server.say("Hi", to: server["agent"])
            #expect(
                try await checks("provider", server).first?["state"] == "failed", "what passes by itself says nothing")
            server.model.play(.say("Hello"))
            try await server.say("Hi", to: server["agent"]).expect(200)
            #expect(try await checks("provider", server).first?["state"] == "ok")
            for (failure, state) in [(ProviderFailure.Kind.permissionDenied, "ok"), (.connection, "failed")] {
                server.model.play(.fail(failure))
                _ = try await server.say("Hi", to: server["agent"])
                #expect(try await checks("provider", server).first?["state"]?.string == state, "\(failure)")
            }
            try await server.send(.post, "/v1/server/checks").expect(200)
            #expect(try await checks("provider", server).first?["state"] == "ok", "it lists its models again")
            server.model.play(.fail(.authentication))
            _ = try await server.say("Hi", to: server["agent"])
            try await server.restart()
            #expect(try await checks("agents", server).first == agents)
            let other = try await server.addOrganization()
            let theirs = try await server.get("/v1/server/checks", as: other).expect(200)
            #expect(!theirs.text.contains("Ada") && !theirs.text.contains("no route"))
        }
    }

    @Test func `a copy of the database ends the warning that there is none`() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/checks-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withServer(
            on: .sqlite,
            { $0.environment = ["LETTA_DIR": folder, "LETTA_ENCRYPTION_KEY": TestServer.encryptionKeys[0]] }
        ) { server in
            #expect(try await checks("disk", server).first?["seen"]?.string?.contains("GB are free") == true)
            let before = try #require(try await checks("backup", server).first)
            #expect(before["state"] == "warning" && before["seen"]?.string?.contains("never copied") == true)
            try await server.send(.post, "/v1/server/backups").expect(200)
            #expect(try await checks("backup", server).first?["state"] == "ok")
        }
    }

    @Test func `one part that can't be checked leaves the others`() async throws {
        try await withRefusingStorage(on: .sqlite) { server, storage, _ in
            storage.refuse(SQLFailure(.unavailable, "database or disk is full"))
            defer { storage.refuse(nil) }
            let database = try #require(try await checks("database", server).first)
            #expect(database["state"] == "failed" && database["remedy"]?.string?.isEmpty == false)
            #expect(try await checks("disk", server).count == 1)
            #expect(try await checks("sandbox", server).count == 1)
        }
    }

    @Test func `providers are asked anew on demand alone`() async throws {
        try await withServer(on: .sqlite) { server in
            // Nobody listens there.
            let address = "http://127.0.0.1:9/v1"
            try await server.run([
                .post(
                    "/v1/providers/",
                    ["name": "gone", "provider_type": "openai", "api_key": "k", "base_url": .string(address)],
                    expect: 200)
            ])
            try await server.storage.write { db in try db.execute("UPDATE provider SET last_error = NULL") }
            #expect(try await checks("provider", server).first { $0["name"] == "gone" }?["state"] == "ok")
            let asked = try await server.send(.post, "/v1/server/checks").expect(200).json.array ?? []
            let gone = try #require(asked.first { $0["name"] == "gone" })
            #expect(gone["state"] == "failed" && gone["remedy"]?.string?.isEmpty == false)
            #expect(try await checks("provider", server).contains(gone), "it is known from then on")
        }
    }
}
