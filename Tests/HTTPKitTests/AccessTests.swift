import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import LettaAPI
import NIOCore
import Testing

@testable import HTTPKit

/// Who gets in: the password, and what browsers may do.
@Suite(.timeLimit(.minutes(2))) struct AccessTests {
    // MARK: Password

    @Test(arguments: [
        "/v1/notes/", "/v1/nothing", "/docs", "/metrics", "/openapi.json", "/", "/stream", "/v1/health/more",
        "/v1/healthy", "/v2/health", "/v1/voice/x/chat",
    ])
    func `without the password nothing is told`(_ path: String) async throws {
        let server = try TestServer { $0.password = "sekret" }
        let answer = try await server.get(path)
        #expect(answer.status == 401)
        #expect(answer.body == #"{"detail":"Unauthorized"}"#)
        #expect(try await server.send(.post, path, "{}").status == 401)
    }

    @Test(arguments: ["/v1", "/latest", ""], ["/health", "/health/", "/ready", "/ready/"])
    func `health needs no password`(_ prefix: String, _ path: String) async throws {
        let server = try TestServer { $0.password = "sekret" }
        #expect(try await server.get(prefix + path).status == 200)
        #expect(try await server.send(.head, prefix + path).status == 200)
        #expect(try await server.send(.post, prefix + path, "{}").status == 401)
    }

    @Test func `both spellings of the right password`() async throws {
        let server = try TestServer { $0.password = "sekret" }
        for headers: HTTPFields in [
            [.authorization: "Bearer sekret"], [.authorization: "bearer sekret"],
            [.barePassword: "password sekret"], [.authorization: "Bearer other", .barePassword: "password sekret"],
        ] {
            #expect(try await server.get("/v1/notes/", headers: headers).status == 200)
        }
    }

    @Test func `wrong passwords`() async throws {
        let server = try TestServer { $0.password = "sekret" }
        for headers: HTTPFields in [
            [.authorization: "Bearer nope"], [.authorization: "Bearer sekre"], [.authorization: "Bearer sekretx"],
            [.authorization: "Basic c2VrcmV0"], [.authorization: "sekret"], [.authorization: "Bearer "],
            [.barePassword: "sekret"], [.barePassword: "password"], [.authorization: "Token sekret"],
        ] {
            #expect(try await server.get("/v1/notes/", headers: headers).status == 401)
        }
    }

    @Test func `an address may fail some times, then once a second`() {
        let clock = HandClock()
        let limit = GuessLimit(clock: clock)
        for _ in 0..<GuessLimit<HandClock>.burst {
            guard case .wrong = limit.judge("a", isRight: false) else {
                Issue.record("refused too early")
                return
            }
        }
        #expect(limit.judge("a", isRight: true) == .refused(retryAfter: .seconds(1)), "nor is it told what was right")
        #expect(limit.judge("a", isRight: false) == .refused(retryAfter: .seconds(1)))
        #expect(limit.judge("b", isRight: true) == .accepted, "another address")
        clock.advance(.seconds(1))
        guard case .wrong = limit.judge("a", isRight: false) else {
            Issue.record("refused after a second")
            return
        }
        #expect(limit.judge("a", isRight: false) == .refused(retryAfter: .seconds(1)))
        clock.advance(.seconds(1))
        #expect(limit.judge("a", isRight: true) == .accepted)
    }

    @Test func `an address that has sent the right password goes on being served beyond its wrong ones`() {
        let clock = HandClock()
        let limit = GuessLimit(clock: clock)
        #expect(limit.judge("a", isRight: true) == .accepted)
        let burst = (0..<GuessLimit<HandClock>.burst).map { _ in limit.judge("a", isRight: false) }
        #expect(burst.first == .wrong(delay: .milliseconds(5)))
        #expect(burst.last == .wrong(delay: .milliseconds(160)))
        #expect(limit.judge("b", isRight: false) == .wrong(delay: .milliseconds(165)), "for all together")
        #expect(limit.judge("a", isRight: false) == .wrong(delay: .seconds(1)))
        #expect(limit.judge("a", isRight: true) == .accepted)
        clock.advance(.seconds(3600))
        for _ in 0..<40 { _ = limit.judge("a", isRight: false) }
        #expect(limit.judge("a", isRight: true) != .accepted, "trust ends")
    }

    @Test func `many connections from a trusted address guess no faster than a few`() {
        let clock = HandClock()
        let limit = GuessLimit(clock: clock)
        #expect(limit.judge("a", isRight: true) == .accepted)
        var looked = 0
        func isRight() -> Bool {
            looked += 1
            return false
        }
        for _ in 0..<10 {
            for _ in 0..<500 { _ = limit.judge("a", isRight: isRight()) }
            #expect(
                limit.judge("a", isRight: true) == .refused(retryAfter: .seconds(1)), "nor is it told what was right")
            #expect(limit.wait(of: "a") == .seconds(1))
            #expect(limit.judge("b", isRight: true) == .accepted, "another address")
            clock.advance(.seconds(1))
        }
        #expect(looked <= 32 + 10 * 5, "refused before the password is compared")
        #expect(limit.wait(of: "a") == nil && limit.judge("a", isRight: true) == .accepted)
    }

    @Test func `who acts is not looked up before the password is right`() async throws {
        let server = try TestServer {
            $0.password = "sekret"
            $0.organizationOfUser = { _ in throw APIError(404, "no such user") }
        }
        let headers: HTTPFields = [.userID: "user-123e4567-e89b-42d3-8456-426614174000"]
        for path in ["/v1/health/", "/ready"] { #expect(try await server.get(path, headers: headers).status == 200) }
        #expect(try await server.get("/v1/notes/", headers: headers).status == 401)
        var known = headers
        known[.authorization] = "Bearer sekret"
        #expect(try await server.get("/v1/notes/", headers: known).status == 404)
    }

    @Test func `guessing from everywhere fills no memory and locks nobody out`() {
        let clock = HandClock()
        let limit = GuessLimit(clock: clock)
        #expect(limit.judge("home", isRight: true) == .accepted)
        for number in 0..<3000 { _ = limit.judge("10.0.\(number)", isRight: false) }
        #expect(limit.judge("home", isRight: true) == .accepted)
        #expect(limit.judge("10.0.2999", isRight: false) == .refused(retryAfter: .seconds(1)), "these share an entry")
        clock.advance(.seconds(60))
        #expect(limit.judge("one more", isRight: true) == .accepted)
    }

    @Test func `a network of IPv6 is one address`() {
        let networks = [
            "2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::", "::ffff:10.0.0.1", "::ffff:10.0.0.2", "10.0.0.1", "",
        ]
        .map(GuessLimit<HandClock>.network)
        #expect(networks[0] == networks[1] && networks[1] == networks[2])
        #expect(Set(networks).count == 5)
    }

    @Test func `the route that checks a password in its body needs none, and is limited too`() async throws {
        let server = try TestServer { $0.password = "sekret" }
        #expect(try await server.send(.post, "/v1/auth", #"{"password":"sekret"}"#).status == 404, "no route here")
        #expect(try await server.get("/v1/auth").status == 401)
    }

    @Test func `a client that waits for 100 Continue gets it`() async throws {
        let server = try TestServer { $0.bodyLimit = 64 }
        try await server.application.test(.live) { client in
            try await RawConnection.with(port: try #require(client.port)) { connection in
                let head = "POST /v1/notes/ HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                let body = #"{"label":"live"}"#
                for _ in 0..<2 {
                    try await connection.send("\(head)Content-Length: \(body.utf8.count)\r\n\r\n")
                    let interim = try await connection.read { $0.hasSuffix("\r\n\r\n") }
                    #expect(interim.text == "HTTP/1.1 100 Continue\r\n\r\n")
                    try await connection.send(body)
                    let answer = try await connection.read { $0.contains("live") }
                    #expect(answer.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
                }
                try await connection.send("\(head)Content-Length: 1000000\r\n\r\n")
                let refusal = try await connection.read { $0.contains("\r\n\r\n") }
                #expect(refusal.text.hasPrefix("HTTP/1.1 413"), "\(refusal.text)")
            }
        }
    }

    // MARK: CORS

    @Test func `a preflight is answered before the password`() async throws {
        let server = try TestServer { $0.password = "sekret" }
        let answer = try await server.send(
            .options, "/v1/notes/",
            headers: [
                .origin: "http://localhost:3000", .accessControlRequestMethod: "PATCH",
                .accessControlRequestHeaders: "authorization, x-project-id",
            ])
        #expect(answer.status == 200)
        #expect(answer.body == "OK")
        #expect(answer.headers[.contentType] == "text/plain; charset=utf-8")
        #expect(answer.headers[.accessControlAllowOrigin] == "http://localhost:3000")
        #expect(answer.headers[.accessControlAllowMethods] == "PATCH")
        #expect(answer.headers[.accessControlAllowHeaders] == "authorization, x-project-id")
        #expect(answer.headers[.accessControlAllowCredentials] == "true")
        #expect(answer.headers[.vary] == "Origin")
    }

    @Test(arguments: ["https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1.nip.io"])
    func `a page from elsewhere is told nothing`(_ origin: String) async throws {
        let server = try TestServer { $0.isBoundToLoopback = false }
        let preflight = try await server.send(
            .options, "/v1/notes/", headers: [.origin: origin, .accessControlRequestMethod: "GET"])
        #expect(preflight.status == 400)
        #expect(preflight.headers[.accessControlAllowOrigin] == nil)
        #expect(
            try await server.get("/v1/notes/", headers: [.origin: origin]).headers[.accessControlAllowOrigin] == nil)
    }

    @Test func `errors can be read by acceptable pages too`() async throws {
        let server = try TestServer {
            $0.password = "sekret"
            $0.acceptableOrigins = ["https://app.example/"]
        }
        let answer = try await server.get("/v1/notes/", headers: [.origin: "https://app.example"])
        #expect(answer.status == 401)
        #expect(answer.headers[.accessControlAllowOrigin] == "https://app.example")
        let open = try TestServer { $0.acceptableOrigins = ["*"] }
        let any = try await open.get("/v1/notes/", headers: [.origin: "https://any.example"])
        #expect(any.status == 200)
        #expect(any.headers[.accessControlAllowOrigin] == "https://any.example")
    }

    // MARK: Host names, over a real socket

    @Test(arguments: [
        ("localhost", nil, 200), ("localhost:8283", nil, 200), ("127.0.0.1:1", nil, 200), ("[::1]:8283", nil, 200),
        ("LOCALHOST", nil, 200), ("evil.example", nil, 403), ("localhost.evil.example", nil, 403),
        ("evil.example:8283", "http://evil.example:8283", 403), ("letta.home:8283", nil, 200),
        ("letta.home:8283", "http://letta.home:8283", 200), ("localhost:8283", "http://localhost:3000", 200),
        ("localhost:8283", "https://evil.example", 403), ("localhost:8283", "null", 403),
        ("localhost:8283", "http://127.0.0.1:5173", 200), ("localhost:8283", "http://localhost:evil.example", 403),
        ("localhost:evil", nil, 400), ("localhost:80:80", nil, 400), ("localhost:", nil, 400), ("[::1]evil", nil, 400),
        ("[::1", nil, 400), ("localhost:65536", nil, 400), ("localhost:+80", nil, 400),
    ])
    func `a loopback server listens to its own names only`(_ host: String, _ origin: String?, _ status: Int)
        async throws
    {
        let server = try TestServer { $0.allowedHosts = ["letta.home"] }
        var headers = HTTPFields()
        headers[.origin] = origin
        let answer = try await server.sendLive(.init("/v1/notes/", method: .get, authority: host, headers: headers))
        #expect(answer.status == status)
        if status == 403 { #expect(answer.detail?.contains(origin == nil ? "LETTA_ALLOWED_HOSTS" : "_") == true) }
    }

    @Test func `a server that others reach goes by any name`() async throws {
        let server = try TestServer { $0.isBoundToLoopback = false }
        let answer = try await server.sendLive(.init("/v1/notes/", method: .get, authority: "any.example"))
        #expect(answer.status == 200)
    }

    @Test func `over a socket: a request, a stream, HEAD and a refused body on one connection`() async throws {
        let server = try TestServer { $0.bodyLimit = 64 }
        try await server.application.test(.live) { client in
            let port = try #require(client.port)
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                let body = ByteBuffer(string: #"{"label":"live"}"#)
                let created = try await client.post("/v1/notes/", body: body)
                #expect(created.status == .ok)
                let large = try await client.post("/v1/notes/", body: ByteBuffer(repeating: 0x20, count: 200_000))
                #expect(large.status == .contentTooLarge)
                let head = try await client.head("/v1/notes/")
                #expect(head.status == .ok)
                #expect(head.body == nil)
                let stream = try await client.get("/stream")
                #expect(stream.body.map { String(buffer: $0) } == "one two")
                #expect(stream.headers[.requestID] != nil)
            }
        }
    }
}

extension TestServer {
    /// Sends one request over a real socket.
    func sendLive(_ request: TestClient.Request) async throws -> Answer {
        try await application.test(.live) { client in
            let port = try #require(client.port)
            return try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                let response = try await client.execute(request)
                return Answer(
                    status: response.status.code, headers: response.headers,
                    body: response.body.map { String(buffer: $0) } ?? "")
            }
        }
    }
}
