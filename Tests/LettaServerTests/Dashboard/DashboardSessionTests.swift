import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// Browsers sign in with the password and hold a cookie instead of it.
@Suite(.timeLimit(.minutes(5))) struct DashboardSessionTests {
    private static let path = "/v1/server/session"
    private static let page = TestCaller.v1.with("Sec-Fetch-Site", "same-origin")

    private static func cookie(_ answer: Answer) throws -> String {
        let header = try #require(answer[header: "Set-Cookie"])
        #expect(header.contains("; HttpOnly; SameSite=Strict") && header.contains("Path=/;"))
        return String(header.prefix { $0 != ";" })
    }

    private static func signIn(_ server: TestServer) async throws -> TestCaller {
        let answer = try await server.send(.post, path, ["password": "right"], as: page).expect(
            200, ["requires_password": true, "expires_at": .anything])
        return page.with("Cookie", "other=1; \(try cookie(answer))")
    }

    @Test(arguments: Engines.all)
    func `a session opens with the password and ends`(_ engine: TestEngine) async throws {
        let time = SettableTime()
        try await withServer(
            on: engine,
            {
                $0.password = "right"; $0.now = { time.now }
            }
        ) { server in
            let first = try await Self.signIn(server)
            let second = try await Self.signIn(server)
            let secret = try #require(first.headers["Cookie"]?.split(separator: "=").last.map(String.init))
            #expect(secret.count == 64)
            #expect(!(try await server.rows().joined().contains(secret)), "the token itself is stored nowhere")
            try await server.restart()
            try await server.run([
                .post(Self.path, ["password": "wrong"], as: Self.page, expect: 401),
                .post(Self.path, [:], as: Self.page, expect: 401),
                .get("/v1/agents/", as: Self.page, expect: 401),
                .get("/v1/agents/", as: Self.page.with("Cookie", "letta_session=0123"), expect: 401),
                .get("/v1/agents/", as: first, expect: 200),
                .post("/v1/blocks/", ["label": "x", "value": "y"], as: first, expect: 200),
                .get(Self.path, as: first, expect: 200, ["requires_password": true, "expires_at": .anything]),
                .delete(Self.path, as: first, expect: 200, nil),
                .get("/v1/agents/", as: first, expect: 401),
                .get("/v1/agents/", as: second, expect: 200),
            ])
            let third = try await Self.signIn(server)
            try await server.run([
                .delete("\(Self.path)?everywhere=true", as: third, expect: 200, nil),
                .get("/v1/agents/", as: second, expect: 401),
                .get("/v1/agents/", as: third, expect: 401),
            ])
            let fourth = try await Self.signIn(server)
            time.pass(hours: 11)
            try await server.run([.get("/v1/agents/", as: fourth, expect: 200)])
            time.pass(hours: 11)
            try await server.run([.get("/v1/agents/", as: fourth, expect: 200).note("each use prolongs it")])
            time.pass(hours: 13)
            try await server.run([.get("/v1/agents/", as: fourth, expect: 401)])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the cookie of a foreign page opens nothing`(_ engine: TestEngine) async throws {
        try await withServer(on: engine, { $0.password = "right" }) { server in
            let own = try await Self.signIn(server)
            let cookie = try #require(own.headers["Cookie"])
            for site in ["cross-site", "same-site"] {
                let foreign = TestCaller.v1.with("Cookie", cookie).with("Sec-Fetch-Site", site)
                try await server.run([
                    .get("/v1/agents/", as: foreign, expect: 403),
                    .post("/v1/blocks/", ["label": "x", "value": "y"], as: foreign, expect: 403),
                    .delete(Self.path, as: foreign, expect: 403),
                ])
            }
            try await server.run([
                .post("/v1/blocks/", ["label": "x"], as: .v1.with("Cookie", cookie), expect: 403)
                    .note("a request that does not say where it comes from changes nothing"),
                .get("/v1/agents/", as: own.with("Sec-Fetch-Site", "none"), expect: 200),
                .post("/v1/blocks/", ["label": "x"], as: own.with("Sec-Fetch-Site", "none"), expect: 403),
                .get("/v1/blocks/", as: own, expect: 200, .elements(0)),
                .get("/v1/agents/", as: own.with("Authorization", "Bearer wrong"), expect: 401)
                    .note("a password that is sent is the one that counts"),
            ])
        }
    }

    @Test func `the cookie of a page behind TLS is for TLS alone`() async throws {
        try await withServer(on: .sqlite, { $0.password = "right" }) { server in
            for (origin, isSecure) in [("http://localhost", false), ("https://localhost", true)] {
                let answer = try await server.send(
                    .post, Self.path, ["password": "right"], as: Self.page.with("Origin", origin)
                ).expect(200)
                #expect(answer[header: "Set-Cookie"]?.hasSuffix("; Secure") == isSecure)
            }
        }
    }

    @Test func `without a password no session is needed`() async throws {
        try await withServer(on: .sqlite) { server in
            let answer = try await server.send(.post, Self.path, ["password": "any"], as: Self.page).expect(
                200, ["requires_password": false, "expires_at": nil])
            #expect(answer[header: "Set-Cookie"] == nil)
            try await server.run([
                .get(Self.path, expect: 200, ["requires_password": false, "expires_at": nil]),
                .delete(Self.path, expect: 200, nil),
            ])
        }
    }
}
