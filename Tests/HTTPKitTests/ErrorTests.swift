import HTTPTypes
import JSON
import Testing

@testable import HTTPKit

@Suite(.timeLimit(.minutes(2))) struct ErrorTests {
    let server: TestServer

    init() throws {
        server = try TestServer()
    }

    @Test(arguments: [
        ("text", 418, #"{"detail":"short and stout"}"#),
        (
            "pending", 409,
            #"{"detail":{"code":"PENDING_APPROVAL","message":"Wait.","pending_request_id":"message-1"}}"#
        ),
        ("busy", 409, #"{"detail":"Busy.","run_id":"run-1"}"#),
        ("later", 503, #"{"detail":"Away."}"#),
        ("model", 429, #"{"error":{"type":"llm_rate_limit","message":"Slow.","detail":null}}"#),
        ("http", 410, #"{"detail":"Gone for good"}"#),
        ("storage", 503, #"{"detail":"Storage is away."}"#),
        ("surprise", 500, #"{"detail":"An unknown error occurred"}"#),
        ("cancelled", 499, ""),
        (
            "field", 422,
            #"{"trace_id":"","detail":"[{'type': 'value_error', 'loc': ('body', 'label'), 'msg': 'Value error, "#
                + #"it\\'s \"odd\"', 'input': {'label': 'é\\x07\\n', 'n': 1.5}, 'ctx': {'error': "#
                + #"ValueError('it\\'s \"odd\"')}}]"}"#
        ),
        (
            "decoding", 422,
            #"{"trace_id":"","detail":"[{'type': 'string_type', 'loc': ('body', 'label'), 'msg': "#
                + #"'Input should be a valid string', 'input': 5}]"}"#
        ),
    ])
    func `each kind of error has its body`(_ how: String, _ status: Int, _ body: String) async throws {
        let answer = try await server.get("/v1/fail/\(how)")
        #expect(answer.status == status)
        #expect(answer.body == body)
    }

    @Test func `a repeat that makes sense says when`() async throws {
        #expect(try await server.get("/v1/fail/later").headers[.retryAfter] == "1")
        #expect(try await server.get("/v1/fail/text").headers[.retryAfter] == nil)
    }

    @Test func `the cause of a surprise is for the log only`() async throws {
        let answer = try await server.get("/v1/fail/surprise", headers: [.requestID: "abc-1"])
        #expect(!answer.body.contains("hunter2"))
        #expect(answer.headers[.requestID] == "abc-1")
        let errors = server.log.all.filter { $0.hasPrefix("error Unhandled error") }
        #expect(errors.count == 1)
        #expect(errors.first?.contains("hunter2") == true)
        #expect(errors.first?.contains("hb.request.id=abc-1") == true)
    }

    @Test func `the cause behind an unavailable part is logged`() async throws {
        _ = try await server.get("/v1/fail/later")
        #expect(server.log.all.contains { $0.hasPrefix("error Request failed") && $0.contains("hunter2") })
    }

    @Test func `a caller's own fault is no error in the log`() async throws {
        for how in ["text", "field", "cancelled", "decoding"] { _ = try await server.get("/v1/fail/\(how)") }
        #expect(!server.log.all.contains { $0.hasPrefix("error") })
    }

    @Test func `a body over the limit`() async throws {
        let small = try TestServer { $0.bodyLimit = 100 }
        let long = #"{"label":"\#(String(repeating: "x", count: 100))"}"#
        let answer = try await small.send(.post, "/v1/notes/", long)
        #expect(answer.status == 413)
        #expect(answer.detail == "The request body exceeds the limit of 100 bytes. Send a smaller body.")
        #expect(try await small.send(.post, "/v1/notes/", #"{"label":"x"}"#).status == 200)
    }
}
