import Foundation
import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// Copies of the database are made, checked and deleted while the server runs.
@Suite(.timeLimit(.minutes(5))) struct BackupTests {
    private func withFolder(
        on engine: TestEngine = .sqlite, _ body: @Sendable @escaping (TestServer, String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/backups-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withServer(
            on: engine,
            { $0.environment = ["LETTA_DIR": folder, "LETTA_ENCRYPTION_KEY": TestServer.encryptionKeys[0]] }
        ) { server in
            try await body(server, folder)
        }
    }

    @Test func `a copy is made, listed, checked and deleted`() async throws {
        try await withFolder { server, folder in
            _ = try await server.newAgent("Ada")
            try await server.run([.get("/v1/server/backups", expect: 200, [])])
            let made = try await server.send(.post, "/v1/server/backups").expect(200, ["kind": "made"])
            server["name"] = try #require(made.json["name"]?.string)
            #expect((made.json["bytes"]?.int ?? 0) > 10_000)
            _ = try await server.newAgent("Bob")
            try await server.restart()
            try await server.run([
                .get("/v1/server/backups", expect: 200, [made.json]),
                .post(
                    "/v1/server/backups/{name}/check", expect: 200,
                    ["name": "{name}", "is_sound": true, "problem": nil, "version": .anything]),
            ])
            let rows = try await server.send(.post, "/v1/server/backups/{name}/check").json["rows"]?.array ?? []
            #expect(rows.contains(["table": "agent", "count": 1]), "what it held when it was made: \(rows)")
            let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/backups/\(server["name"])")
            #expect(mode[.posixPermissions].map { "\($0)" } == "\(0o600)")
            try await server.run([
                .delete("/v1/server/backups/{name}", expect: 200, nil),
                .delete("/v1/server/backups/{name}", expect: 404),
                .post("/v1/server/backups/{name}/check", expect: 404),
                .get("/v1/server/backups", expect: 200, []),
            ])
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/backups").isEmpty)
        }
    }

    @Test func `a damaged copy is told from a sound one`() async throws {
        try await withFolder { server, folder in
            server["name"] = try #require(
                try await server.send(.post, "/v1/server/backups").expect(200).json["name"]?.string)
            let file = "\(folder)/backups/\(server["name"])"
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seek(toOffset: 8_192)
            try handle.write(contentsOf: Data(repeating: 0x5A, count: 20_000))
            try handle.close()
            try await server.run([
                .post(
                    "/v1/server/backups/{name}/check", expect: 200,
                    ["is_sound": false, "problem": .anything, "rows": []])
            ])
            let answer = try await server.send(.post, "/v1/server/backups/{name}/check")
            #expect(answer.json["problem"]?.string?.isEmpty == false)
        }
    }

    @Test func `names lead nowhere else`() async throws {
        try await withFolder { server, folder in
            try await server.send(.post, "/v1/server/backups").expect(200)
            try Data("secret".utf8).write(to: URL(fileURLWithPath: "\(folder)/key.sqlite"))
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/backups/restoring-1.sqlite"))
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/backups/link.sqlite", withDestinationPath: "\(folder)/key.sqlite")
            for name in ["..%2Fkey.sqlite", "link.sqlite", "restoring-1.sqlite", "%2E%2E", "a%00b", "no.sqlite"] {
                let deleted = try await server.send(.delete, "/v1/server/backups/\(name)")
                let checked = try await server.send(.post, "/v1/server/backups/\(name)/check")
                #expect((400..<500).contains(deleted.status) && (400..<500).contains(checked.status), "\(name)")
            }
            #expect(FileManager.default.fileExists(atPath: "\(folder)/key.sqlite"))
            #expect(try await server.get("/v1/server/backups").json.array?.count == 1)
        }
    }

    @Test func `several at a time wait for nobody and lose nothing`() async throws {
        try await withFolder { server, _ in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 { group.addTask { try await server.send(.post, "/v1/server/backups").status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.allSatisfy { [200, 409].contains($0) } && statuses.contains(200), "\(statuses)")
            let listed = try await server.get("/v1/server/backups").json.array?.count
            #expect(listed == statuses.count { $0 == 200 })
            try await server.send(.post, "/v1/server/backups").expect(200)
        }
    }

    @Test(arguments: Engines.all.filter { $0 != .sqlite })
    func `PostgreSQL has a tool of its own`(_ engine: TestEngine) async throws {
        try await withFolder(on: engine) { server, _ in
            try await server.run([
                .post("/v1/server/backups", expect: 400, ["detail": .text(containing: "pg_dump")]),
                .get("/v1/server/backups", expect: 200, []),
            ])
        }
    }
}
