import HTTPTypes
import Hummingbird
import JSON
import LettaAPI
import Testing

@testable import HTTPKit

@Suite(.timeLimit(.minutes(2))) struct RoutingTests {
    let server: TestServer

    init() throws {
        server = try TestServer()
    }

    @Test(
        arguments: ["/v1", "/latest", ""], ["/notes", "/notes/", "/notes/count", "/notes/count/", "/notes/\(noteID)/"])
    func `every prefix and both slash forms`(_ prefix: String, _ path: String) async throws {
        #expect(try await server.get(prefix + path).status == 200)
    }

    @Test(arguments: [
        "/v1/nothing-here", "/v2/notes/", "/v1/notes/\(noteID)/zzz", "/v1/notes//search", "/v1", "/latest/v1/notes",
    ])
    func `unknown paths`(_ path: String) async throws {
        let answer = try await server.get(path)
        #expect(answer.status == 404)
        #expect(answer.body == #"{"detail":"Not Found"}"#)
    }

    @Test func `a wrong verb names the right ones`() async throws {
        let answer = try await server.send(.delete, "/v1/notes/")
        #expect(answer.status == 405)
        #expect(answer.body == #"{"detail":"Method Not Allowed"}"#)
        #expect(answer.headers[.allow] == "GET, HEAD, OPTIONS, POST")
        #expect(try await server.send(.put, "/trash").headers[.allow] == "DELETE, OPTIONS")
    }

    @Test func `a verb nobody knows`() async throws {
        let verb = try #require(HTTPRequest.Method("BREW"))
        #expect(try await server.send(verb, "/v1/notes/").status == 405)
        #expect(try await server.send(verb, "/v1/zzz").status == 404)
    }

    @Test func `a written segment beats a capture`() async throws {
        #expect(try await server.get("/v1/notes/count").json == 7)
        #expect(try await server.get("/v1/notes/\(noteID)/tags/count").json == "count of tags")
        #expect(try await server.get("/v1/notes/\(noteID)/tags/counting").json?["tag"] == "counting")
    }

    @Test func `a written segment without the verb or the rest of the path leaves it to the capture`() async throws {
        let deleted = try await server.send(.delete, "/v1/notes/count")
        #expect(deleted.status == 422)
        #expect(deleted.detail?.contains("'input': 'count'") == true)
        #expect(try await server.get("/v1/notes/count/search?query=x").detail?.contains("'input': 'count'") == true)
        #expect(try await server.get("/v1/notes/count/zzz").status == 404)
    }

    @Test func `captures are percent-decoded, slashes included`() async throws {
        let answer = try await server.get("/v1/notes/\(noteID)/tags/a%2Fb%20c%C3%A9+%zz")
        #expect(answer.json == ["note": .string(noteID), "tag": "a/b cé+%zz"])
    }

    @Test func `an alias reads the missing capture from the query`() async throws {
        #expect(try await server.get("/v1/notes/export?note_id=\(noteID)").json == ["exported": .string(noteID)])
        #expect(try await server.get("/notes/\(noteID)/export/").json == ["exported": .string(noteID)])
        #expect(try await server.get("/latest/shelves/by-name?name=my%20shelf").json == "my shelf")
        let missing = try await server.get("/v1/notes/export")
        #expect(missing.status == 422)
        #expect(
            missing.detail
                == "[{'type': 'missing', 'loc': ('query', 'note_id'), 'msg': 'Field required', 'input': None}]")
        #expect(try await server.get("/v1/notes/export?note_id=zzz").detail?.contains("('query', 'note_id')") == true)
    }

    @Test func `an alias reads the missing capture from the body`() async throws {
        let answer = try await server.send(.post, "/calls/\(noteID)", #"{"tool_name":"add","a":1}"#)
        #expect(answer.json == ["tool": "add", "arguments": ["tool_name": "add", "a": 1]])
    }

    @Test(arguments: ["/v1/notes/", "/v1/notes/\(noteID)", "/stream", "/v1/notes/nope", "/v1/zzz"])
    func `HEAD is GET without the body`(_ path: String) async throws {
        let get = try await server.get(path)
        let head = try await server.send(.head, path)
        #expect(head.status == get.status)
        #expect(head.body == "")
        #expect(head.headers[.contentType] == get.headers[.contentType])
        if path != "/stream" { #expect(head.headers[.contentLength] == String(get.body.utf8.count)) }
    }

    @Test func `OPTIONS names the verbs`() async throws {
        let answer = try await server.send(.options, "/v1/notes/\(noteID)")
        #expect(answer.status == 204)
        #expect(answer.headers[.allow] == "DELETE, GET, HEAD, OPTIONS, PATCH")
        #expect(try await server.send(.options, "/v1/zzz").status == 404)
    }

    @Test func `statuses of success`() async throws {
        let empty = try await server.send(.delete, "/v1/trash")
        #expect(empty.status == 204)
        #expect(empty.body == "")
        #expect(try await server.send(.delete, "/v1/notes/\(noteID)").body == "null")
    }

    @Test func `raw routes are served as they stand`() async throws {
        let answer = try await server.get("/")
        #expect(answer.status == 307)
        #expect(answer.headers[.location] == "/docs")
        #expect(try await server.get("/stream").body == "one two")
        #expect(try await server.get("/v1/stream").status == 404)
    }

    @Test func `what is not served yet says so`() async throws {
        let answer = try await server.send(.post, "/v1/voice/agent-1/chat", "{}")
        #expect(answer.status == 501)
        #expect(
            answer.detail == "POST /v1/voice/{agent_id}/chat is not served yet by this server. Nothing was changed.")
    }

    @Test func `an operation is unserved when no route and no alias matches it`() {
        let routes = Routes()
        NoteRoutes().register(on: routes)
        let before = routes.records.count
        routes.declareUnserved([
            (.get, "/v1/notes/{id}"), (.get, "/v1/notes/export/"), (.get, "/v1/shelves/by-name"),
            (.post, "/v1/calls/{x}"),
            (.put, "/v1/notes/{id}"), (.put, "/v1/notes/{note_id}/"), (.get, "/v1/new"),
        ])
        let declared = routes.records.dropFirst(before)
        #expect(declared.map { "\($0.verb.rawValue) \($0.path)" } == ["PUT /v1/notes/{id}", "GET /v1/new"])
        #expect(declared.allSatisfy { $0.kind == .unserved })
    }

    @Test func `two routes for the same request are refused at start`() throws {
        let routes = Routes()
        NoteRoutes().register(on: routes)
        routes.handleRaw(.get, "/v1/notes/{another_name}/", "Conflicts.") { _, _ in Response(status: .ok) }
        #expect(throws: RouteConflict.self) { try RouteTable(routes.entries) }
    }

    @Test func `the next page is linked with everything else kept`() async throws {
        let answer = try await server.get("/v1/notes/?limit=2&after=x&tags=a%20b&before=y")
        #expect(answer.headers[.link] == #"</v1/notes/?limit=2&tags=a%20b&before=y&after=note%209>; rel="next""#)
        #expect(try await server.get("/v1/notes/").headers[.link] == nil)
    }

    @Test func `a page is sent as its items with a link to the next`() async throws {
        let page = try await server.get("/v1/labels?after=a")
        #expect(page.json == ["b", "c"])
        #expect(page.headers[.link] == #"</v1/labels?after=c>; rel="next""#)
        let last = try await server.get("/v1/labels?after=c")
        #expect(last.json == ["d"])
        #expect(last.headers[.link] == nil)
    }

    @Test func `a handler that returns nothing`() async throws {
        #expect(try await server.send(.delete, "/v1/labels").body == "null")
        #expect(try await server.send(.delete, "/v1/labels/last").body == "")
    }

    @Test(.timeLimit(.minutes(1))) func `repeated query parameters take linear time`() {
        // Copying the earlier ones for each would take minutes.
        let query = QueryString(String(repeating: "tag=a&", count: 500_000) + "tag=b&other=1")
        #expect(query.values["tag"]?.array?.count == 500_001)
        #expect(query.text("tag") == "b")
        #expect(query.values["other"] == "1")
        #expect(query.values.keys == ["tag", "other"])
    }

    @Test func `a handler that makes the whole response gets checked input too`() async throws {
        let answer = try await server.send(.post, "/v1/say", #"{"hard":true}"#)
        #expect(answer.headers[.contentType] == "text/event-stream; charset=utf-8")
        #expect(answer.body == "data: true 1\n\ndata: true 2\n\n")
        #expect(try await server.send(.post, "/v1/say", "{}").status == 422)
        #expect(try await server.send(.post, "/v1/notes/\(noteID)/upload", "any bytes").body == "9")
    }

    // MARK: Callers

    @Test(arguments: [
        ("curl/8", nil, "legacy"), ("letta-client/0.1.324", nil, "legacy"), ("letta-client/1.0.0", nil, "v1"),
        ("@letta-ai/letta-client/1.12.1", nil, "v1"), ("@letta-ai/letta-client/0.9", nil, "legacy"),
        ("letta-client/10.0", nil, "v1"), ("letta-client/x", nil, "legacy"), (nil, nil, "v1"), ("curl/8", "1.2", "v1"),
    ])
    func `generation of the client`(_ agent: String?, _ stainless: String?, _ generation: String) async throws {
        var headers = HTTPFields()
        headers[.userAgent] = agent
        headers[.stainlessPackageVersion] = stainless
        #expect(try await server.get("/v1/whoami", headers: headers).json?["generation"] == .string(generation))
    }

    @Test func `the acting user`() async throws {
        let bad = try await server.get("/v1/whoami", headers: [.userID: "bob"])
        #expect(bad.status == 400)
        #expect(bad.detail == "INVALID_ARGUMENT: Invalid user ID format: bob. Expected format: 'user-<uuid4>'")
        let unknown = try await server.get(
            "/v1/whoami", headers: [.userID: "user-123e4567-e89b-42d3-8456-426614174000", .projectID: "p1"])
        #expect(unknown.json?["user"] == "user-00000000-0000-4000-8000-000000000000")
        #expect(unknown.json?["organization"] == "org-00000000-0000-4000-8000-000000000000")
        #expect(unknown.json?["project"] == "p1")
        #expect(try await server.get("/v1/whoami", headers: [.projectID: ""]).json?["project"] == .some(nil))
        let known = try TestServer { $0.organizationOfUser = { _ in "org-1" } }
        let answer = try await known.get(
            "/v1/whoami", headers: [.userID: "user-123e4567-e89b-42d3-8456-426614174000"])
        #expect(answer.json?["user"] == "user-123e4567-e89b-42d3-8456-426614174000")
        #expect(answer.json?["organization"] == "org-1")
    }

    @Test func `a link to the next page keeps all parameters but the bound that it sets`() {
        let target = "/v1/notes/?before=b&limit=2&after=a&tag=x%20y"
        #expect(
            PageLink.headers(target: target, next: "n 1")[.link]
                == "</v1/notes/?before=b&limit=2&tag=x%20y&after=n%201>; rel=\"next\"")
        #expect(
            PageLink.headers(target: target, next: "n", as: "before")[.link]
                == "</v1/notes/?limit=2&after=a&tag=x%20y&before=n>; rel=\"next\"")
        #expect(PageLink.headers(target: target, next: nil).isEmpty)
    }
}
