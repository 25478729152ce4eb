import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// The page at `/` and the files it loads.
@Suite(.timeLimit(.minutes(5))) struct DashboardPageTests {
    @Test func `the page and its files need no password, and load nothing from elsewhere`() async throws {
        try await withServer(on: .sqlite, { $0.password = "right" }) { server in
            let page = try await server.get("/").expect(200)
            let policy = try #require(page[header: "Content-Security-Policy"])
            #expect(policy.hasPrefix("default-src 'self';") && !policy.contains("unsafe"))
            #expect(page[header: "Content-Type"] == "text/html; charset=utf-8")
            let files = DashboardFiles.embedded
            #expect(page.text.contains("./ui/\(files.version)/app.js") && !page.text.contains("VERSION"))
            for (name, file) in files.files {
                let answer = try await server.get("/ui/\(files.version)/\(name)").expect(200)
                #expect(
                    answer[header: "Content-Type"] == file.type && file.type != "application/octet-stream", "\(name)")
                #expect(answer[header: "Cache-Control"]?.contains("immutable") == true)
            }
            let again = try await server.send(
                .get, "/", nil, as: .v1.with("If-None-Match", try #require(page[header: "ETag"])))
            #expect(again.status == 304)
            try await server.run([
                .get("/ui/\(files.version)/nothing.js", expect: 401),
                .get("/ui/0000/app.js", expect: 401),
                .post("/", [:], expect: 401),
                .get("/v1/", expect: 401),
            ])
        }
    }

    @Test func `the dashboard can be switched off`() async throws {
        try await withServer(on: .sqlite, { $0.environment["LETTA_DASHBOARD"] = "off" }) { server in
            try await server.run([
                .get("/", expect: 404), .get("/ui/\(DashboardFiles.embedded.version)/app.js", expect: 404),
                .get("/v1/health/", expect: 200),
            ])
        }
    }

    @Test func `the dashboard can have an address of its own`() async throws {
        try await withServer(on: .sqlite, { $0.environment["LETTA_DASHBOARD"] = "127.0.0.1:8284" }) { server in
            try await server.run([
                .get("/", expect: 404, ["detail": "Not Found"]).note("where the API is served"),
                .get("/ui/\(DashboardFiles.embedded.version)/app.js", expect: 404),
                .get("/v1/agents/", expect: 200),
            ])
        }
    }

    @Test func `places of the dashboard`() throws {
        #expect(try DashboardPlace(nil) == .withAPI)
        #expect(try DashboardPlace("on") == .withAPI)
        #expect(try DashboardPlace("off") == .off)
        #expect(try DashboardPlace("[::1]:8284") == .address(host: "::1", port: 8284))
        for text in ["maybe", ":8284", "host:", "host:0", "host:99999", "host:x"] {
            #expect(throws: StartUpFailure.self) { _ = try DashboardPlace(text) }
        }
    }
}
