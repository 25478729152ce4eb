import Foundation
import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// The server copies its database again and again.
@Suite(.timeLimit(.minutes(3))) struct BackupScheduleTests {
    private static let path = "/v1/server/backup-schedule"
    /// 2027-01-15 08:00 UTC.
    private static let start: Int64 = 1_800_000_000
    private static let hour = Duration.seconds(3_600)

    private func withFolder(
        _ environment: [String: String] = [:],
        _ body: @Sendable @escaping (TestServer, ManualClock, String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/scheduled-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let clock = ManualClock()
        try await withServer(
            on: .sqlite,
            {
                $0.environment = ["LETTA_DIR": folder, "LETTA_ENCRYPTION_KEY": TestServer.encryptionKeys[0]]
                    .merging(environment) { $1 }
                $0.clock = clock
                $0.now = {
                    Timestamp(microseconds: (Self.start + clock.now.offset.components.seconds) * 1_000_000)
                }
            }
        ) { server in
            try await body(server, clock, folder)
        }
    }

    private func waitFor(
        _ server: TestServer, _ isMet: @Sendable (JSONValue) -> Bool
    ) async throws -> JSONValue {
        while true {
            let schedule = try await server.get(Self.path).json
            if isMet(schedule) { return schedule }
            await Task.yield()
        }
    }

    private func names(_ server: TestServer) async throws -> [String] {
        try await server.get("/v1/server/backups").json.array?.compactMap { $0["name"]?.string }.sorted() ?? []
    }

    @Test func `copies are made when they are due, and the oldest go`() async throws {
        try await withFolder { server, clock, _ in
            try await server.run([
                .get(
                    Self.path, expect: 200,
                    [
                        "every_hours": nil, "keep": 7, "is_fixed": false, "next_at": nil, "last_at": nil,
                        "failed_at": nil, "error": nil,
                    ])
            ])
            let asked = try await server.send(.post, "/v1/server/backups").expect(200).json["name"]?.string ?? ""
            try await server.run([
                .patch(Self.path, ["every_hours": 6, "keep": 2], expect: 200, ["every_hours": 6, "keep": 2])
            ])
            var last = try await waitFor(server) { $0["last_at"] != .null }
            #expect(last["next_at"] == "2027-01-15T14:00:00.000000Z")
            #expect(
                try await server.get("/v1/server/backups").json.array?.contains { $0["kind"] == "scheduled" } == true)
            for _ in 1...3 {
                await clock.waitForSleeper(dueWithin: .seconds(60))
                let before = last["last_at"]
                clock.advance(by: Self.hour * 6)
                last = try await waitFor(server) { $0["last_at"] != before }
            }
            var kept = try await names(server)
            while kept.count > 3 { kept = try await names(server) }
            #expect(kept.count == 3 && kept.contains(asked), "those that somebody asked for stay: \(kept)")
            #expect(kept.last?.hasPrefix("scheduled-20270116T0200") == true)
            server["name"] = try #require(kept.last)
            var check = try await server.send(.post, "/v1/server/backups/{name}/check")
            // The one that deletes the oldest copy is just leaving.
            while check.status == 409 { check = try await server.send(.post, "/v1/server/backups/{name}/check") }
            #expect(check.json["is_sound"] == true, "\(check.text)")
            try await server.run([
                .patch(
                    Self.path, ["every_hours": nil, "keep": nil], expect: 200,
                    ["every_hours": nil, "keep": 7, "next_at": nil, "last_at": .anything])
            ])
        }
    }

    @Test func `a restart makes what fell due, and nothing else`() async throws {
        try await withFolder { server, clock, _ in
            try await server.run([.patch(Self.path, ["every_hours": 24], expect: 200)])
            let first = try await waitFor(server) { $0["last_at"] != .null }
            try await server.restart()
            try await server.run([.get(Self.path, expect: 200, first)])
            #expect(try await names(server).count == 1)
            try await server.whileStopped { clock.advance(by: Self.hour * 30) }
            let second = try await waitFor(server) { $0["last_at"] != first["last_at"] }
            #expect(second["next_at"] == "2027-01-17T14:00:00.000000Z" && second["keep"] == 7)
            #expect(try await names(server).count == 2)
        }
    }

    @Test func `a failure is shown, and tried again`() async throws {
        try await withFolder { server, clock, folder in
            // Where the folder should be is a file.
            try Data().write(to: URL(fileURLWithPath: "\(folder)/backups"))
            try await server.run([.patch(Self.path, ["every_hours": 1], expect: 200)])
            let failed = try await waitFor(server) { $0["error"] != .null }
            #expect(failed["failed_at"] == "2027-01-15T08:00:00.000000Z" && failed["last_at"] == .null)
            #expect(failed["next_at"] == "2027-01-15T08:10:00.000000Z")
            try await server.restart()
            try await server.run([.get(Self.path, expect: 200, failed)])
            try FileManager.default.removeItem(atPath: "\(folder)/backups")
            await clock.waitForSleeper(dueWithin: .seconds(60))
            clock.advance(by: .seconds(600))
            _ = try await waitFor(server) { $0["error"] == .null && $0["last_at"] != .null }
            #expect(try await names(server).count == 1)
        }
    }

    @Test func `the configuration goes before requests`() async throws {
        try await withFolder(["LETTA_BACKUP_EVERY": "12", "LETTA_BACKUP_KEEP": "3"]) { server, _, _ in
            _ = try await waitFor(server) { $0["last_at"] != .null }
            try await server.run([
                .get(Self.path, expect: 200, ["every_hours": 12, "keep": 3, "is_fixed": true]),
                .patch(Self.path, ["every_hours": 1], expect: 409),
            ])
        }
    }

    @Test func `what makes no sense is refused`() async throws {
        try await withFolder { server, _, _ in
            try await server.run([
                .patch(Self.path, ["every_hours": 0], expect: 422),
                .patch(Self.path, ["every_hours": 8_761], expect: 422),
                .patch(Self.path, ["keep": 0], expect: 422), .patch(Self.path, ["keep": 1_001], expect: 422),
                .patch(Self.path, ["every_hours": "often"], expect: 422),
                .get(Self.path, expect: 200, ["every_hours": nil]),
            ])
        }
        await #expect(throws: StartUpFailure.self) {
            try await withFolder(["LETTA_BACKUP_EVERY": "daily"]) { _, _, _ in }
        }
    }

    @Test(arguments: Engines.all.filter { $0 != .sqlite })
    func `PostgreSQL has a tool of its own`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([
                .get(Self.path, expect: 200, ["every_hours": nil, "is_fixed": true, "next_at": nil]),
                .patch(Self.path, ["every_hours": 1], expect: 400, ["detail": .text(containing: "pg_dump")]),
            ])
        }
    }
}
