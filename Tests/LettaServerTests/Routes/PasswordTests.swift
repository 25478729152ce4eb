import JSON
import LettaAPI
import TestSupport
import Testing

/// With a password set, nobody gets past it, whatever the route.
@Suite(.timeLimit(.minutes(5))) struct PasswordTests {
    private static let callers: [TestCaller] = [
        .v1, .legacy, .v1.with("Authorization", "Bearer wrong"), .v1.with("X-BARE-PASSWORD", "password wrong"),
        .v1.with("Authorization", "Bearer "), .v1.with("user_id", "user-00000000-0000-4000-8000-000000000000"),
    ]

    @Test func `every route asks for the password`() async throws {
        let open: Set<String> = [
            "GET /v1/health/", "GET /v1/ready/", "POST /v1/auth", "GET /v1/tools/mcp/oauth/callback",
        ]
        let closed = ListedRoute.all.filter { !open.contains($0.description) }
        try await withServer(on: .sqlite, { $0.password = "right" }) { server in
            // Where the right password came from, some wrong ones at a time are looked at.
            try await server.run([.get("/v1/agents/", as: .v1.with("Authorization", "Bearer right"), expect: 200)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in Self.callers {
                    for path in closed {
                        group.addTask {
                            let answer = try await server.send(path.verb, path.filledPath, as: caller)
                            let isGuess = ["Authorization", "X-BARE-PASSWORD"].contains { caller.headers[$0] != nil }
                            if isGuess, answer.status == 429 { return }
                            #expect(answer.status == 401, "\(path) \(caller.headers)")
                            #expect(answer.json == ["detail": "Unauthorized"])
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `health is open, the password opens the rest`(_ engine: TestEngine) async throws {
        try await withServer(on: engine, { $0.password = "right" }) { server in
            let wrong = TestCaller.v1.with("Authorization", "Bearer wrong")
            try await server.run([
                .get("/v1/health/", as: wrong, expect: 200, ["status": "ok", "version": .anything]),
                .get("/v1/ready/", as: wrong, expect: 200, ["status": "ok"]),
                .get("/latest/ready", as: .legacy, expect: 200),
                .post("/v1/auth", ["password": "right"], expect: 200, ["is_admin": true]).note("needs no header"),
                .post("/v1/auth", ["password": "wrong"], expect: 401, ["detail": "Unauthorized"]),
                .post("/v1/auth", [:], expect: 401),
                .post("/v1/auth", ["password": "wrong"], as: .user("user-\(nobody)"), expect: 401).note(
                    "whether a user exists is not told"),
                .get("/v1/health/", as: .user("user-\(nobody)"), expect: 200),
                .get("/openapi.json", as: wrong, expect: 401),
                .get("/docs", as: wrong, expect: 401, ["detail": "Unauthorized"]),
                .get("/metrics", as: wrong, expect: 401),
                .get("/v1/nothing", as: wrong, expect: 401).note("nor is it told what is not there"),
                .get("/v1/agents/", as: .v1.with("Authorization", "Bearer right"), expect: 200, .elements(0)),
                .get("/v1/agents/", as: .v1.with("X-BARE-PASSWORD", "password right"), expect: 200),
                .get("/metrics", as: .v1.with("Authorization", "Bearer right"), expect: 200),
            ])
        }
    }
}
