import HTTPTypes
import JSON
import LettaAPI
import Testing

@testable import HTTPKit

/// The bodies of 422 answers, as the peer was recorded to write them.
@Suite(.timeLimit(.minutes(2))) struct ValidationTests {
    let server: TestServer

    init() throws {
        server = try TestServer()
    }

    private static let notAnObject =
        "'msg': 'Input should be a valid dictionary or object to extract fields from'"

    @Test(arguments: [
        (
            #"{"value": "x"}"#,
            "[{'type': 'missing', 'loc': ('body', 'label'), 'msg': 'Field required', 'input': {'value': 'x'}}]"
        ),
        ("", "[{'type': 'missing', 'loc': ('body',), 'msg': 'Field required', 'input': None}]"),
        ("null", "[{'type': 'missing', 'loc': ('body',), 'msg': 'Field required', 'input': None}]"),
        ("[1,2]", "[{'type': 'model_attributes_type', 'loc': ('body',), \(notAnObject), 'input': [1, 2]}]"),
        (
            #"{"name": "x","#,
            "[{'type': 'json_invalid', 'loc': ('body', 13), 'msg': 'JSON decode error', 'input': {}, "
                + "'ctx': {'error': 'Expecting property name enclosed in double quotes'}}]"
        ),
        (
            #"{"é": 1 x"#,
            "[{'type': 'json_invalid', 'loc': ('body', 8), 'msg': 'JSON decode error', 'input': {}, "
                + "'ctx': {'error': \"Expecting ',' delimiter\"}}]"
        ),
        (
            #"{"label": 5}"#,
            "[{'type': 'string_type', 'loc': ('body', 'label'), 'msg': 'Input should be a valid string', 'input': 5}]"
        ),
        (
            #"{"label": "a", "count": [true, null]}"#,
            "[{'type': 'int_type', 'loc': ('body', 'count'), 'msg': 'Input should be a valid integer', "
                + "'input': [True, None]}]"
        ),
        (
            #"{"label": "a", "count": 1.5}"#,
            "[{'type': 'int_from_float', 'loc': ('body', 'count'), 'msg': "
                + "'Input should be a valid integer, got a number with a fractional part', 'input': 1.5}]"
        ),
        (
            #"{"label": "a", "count": 1e40}"#,
            "[{'type': 'int_parsing_size', 'loc': ('body', 'count'), 'msg': "
                + "'Unable to parse input string as an integer, exceeded maximum size', 'input': 1e+40}]"
        ),
        (
            #"{"label": "a", "ratio": "x"}"#,
            "[{'type': 'float_parsing', 'loc': ('body', 'ratio'), 'msg': "
                + "'Input should be a valid number, unable to parse string as a number', 'input': 'x'}]"
        ),
        (
            #"{"label": "a", "pinned": "maybe"}"#,
            "[{'type': 'bool_parsing', 'loc': ('body', 'pinned'), 'msg': "
                + "'Input should be a valid boolean, unable to interpret input', 'input': 'maybe'}]"
        ),
        (
            #"{"label": "a", "parts": {}}"#,
            "[{'type': 'list_type', 'loc': ('body', 'parts'), 'msg': 'Input should be a valid list', 'input': {}}]"
        ),
        (
            #"{"label": "a", "extra": 1}"#,
            "[{'type': 'dict_type', 'loc': ('body', 'extra'), 'msg': 'Input should be a valid dictionary', 'input': 1}]"
        ),
        (
            #"{"label": "a", "parts": [{"kind": "zzz"}]}"#,
            "[{'type': 'enum', 'loc': ('body', 'parts', 0, 'kind'), 'msg': \"Input should be 'plain', 'rich' or "
                + "'voice'\", 'input': 'zzz', 'ctx': {'expected': \"'plain', 'rich' or 'voice'\"}}]"
        ),
        (
            #"{"label": "a", "time": "later"}"#,
            "[{'type': 'value_error', 'loc': ('body', 'time'), 'msg': 'Value error, Input should be a valid datetime "
                + "such as 2026-11-23T14:25:52.630849Z', 'input': 'later', 'ctx': {'error': ValueError('Input should "
                + "be a valid datetime such as 2026-11-23T14:25:52.630849Z')}}]"
        ),
    ])
    func `a body that does not fit`(_ body: String, _ detail: String) async throws {
        let answer = try await server.send(.post, "/v1/notes/", body, headers: [.contentType: "application/json"])
        #expect(answer.status == 422)
        #expect(answer.detail == detail)
        #expect(answer.json?["trace_id"] == "")
        #expect(answer.json?["examples"] == nil)
    }

    @Test func `the bytes of a whole answer`() async throws {
        let answer = try await server.send(.post, "/v1/notes/", #"{"value": "x"}"#)
        #expect(
            answer.body
                == #"{"trace_id":"","detail":"[{'type': 'missing', 'loc': ('body', 'label'), 'msg': 'Field required', "#
                + #"'input': {'value': 'x'}}]"}"#)
        #expect(answer.headers[.contentType] == "application/json")
    }

    @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
    func `JSON sent as something else`(_ type: String) async throws {
        let answer = try await server.send(
            .post, "/v1/notes/", #"{"label":"a","value":"b"}"#, headers: [.contentType: type])
        #expect(answer.status == 422)
        #expect(
            answer.detail
                == "[{'type': 'model_attributes_type', 'loc': ('body',), \(Self.notAnObject), "
                + #"'input': b'{"label":"a","value":"b"}'}]"#)
    }

    @Test(arguments: ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json", nil])
    func `JSON under its various names`(_ type: String?) async throws {
        var headers = HTTPFields()
        headers[.contentType] = type
        let answer = try await server.send(.post, "/v1/notes/", #"{"label":"a"}"#, headers: headers)
        #expect(answer.status == 200)
    }

    @Test(arguments: [
        (
            "/v1/notes/?limit=abc",
            "[{'type': 'int_parsing', 'loc': ('query', 'limit'), 'msg': 'Input should be a valid integer, unable to "
                + "parse string as an integer', 'input': 'abc'}]"
        ),
        (
            "/v1/notes/?order=sideways",
            "[{'type': 'literal_error', 'loc': ('query', 'order'), 'msg': \"Input should be 'asc' or 'desc'\", "
                + "'input': 'sideways', 'ctx': {'expected': \"'asc' or 'desc'\"}}]"
        ),
        (
            "/v1/notes/?kinds=zzz",
            "[{'type': 'enum', 'loc': ('query', 'kinds', 0), 'msg': \"Input should be 'plain', 'rich' or 'voice'\", "
                + "'input': 'zzz', 'ctx': {'expected': \"'plain', 'rich' or 'voice'\"}}]"
        ),
        (
            "/v1/notes/\(noteID)/search",
            "[{'type': 'missing', 'loc': ('query', 'query'), 'msg': 'Field required', 'input': None}]"
        ),
    ])
    func `a query that does not fit`(_ target: String, _ detail: String) async throws {
        let answer = try await server.get(target)
        #expect(answer.status == 422)
        #expect(answer.detail == detail)
    }

    @Test func `a path id that is none`() async throws {
        let answer = try await server.get("/v1/notes/nope")
        #expect(answer.status == 422)
        #expect(
            answer.detail
                == "[{'type': 'string_pattern_mismatch', 'loc': ('path', 'note_id'), 'msg': \"String should match "
                + "pattern 'note-{uuid4}'\", 'input': 'nope', 'ctx': {'pattern': '^note-[0-9a-f]{8}-[0-9a-f]{4}-"
                + "4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'}}]")
        #expect(answer.json?["examples"] == ["note-123e4567-e89b-42d3-8456-426614174000"])
    }

    @Test func `unknown fields and parameters are ignored`() async throws {
        #expect(try await server.send(.post, "/v1/notes/", #"{"label":"a","zzz":[1]}"#).status == 200)
        #expect(try await server.get("/v1/notes/?zzz=1&read_only=x").status == 200)
        #expect(try await server.send(.delete, "/v1/notes/\(noteID)", "not json").status == 200)
    }

    @Test func `text stands for numbers and truth, as in web frameworks`() async throws {
        #expect(try await server.send(.post, "/v1/notes/", #"{"label":"a","count":"12"}"#).json?["count"] == 12)
        let answer = try await server.get("/v1/notes/?limit=3&pinned=true&tags=a&order=desc")
        #expect(answer.json == ["limit": 3, "order": "desc", "tags": ["a"], "pinned": true])
    }

    @Test func `repeated parameters are lists, and the last one counts where one is wanted`() async throws {
        let answer = try await server.get("/v1/notes/?tags=a%20b&limit=1&tags=c%2Bd+e&limit=2")
        #expect(answer.json?["tags"] == ["a b", "c+d e"])
        #expect(answer.json?["limit"] == 2)
    }

    @Test func `U+0000 is dropped from bodies, paths and queries`() async throws {
        #expect(try await server.send(.post, "/v1/notes/", #"{"label":"a\u0000b"}"#).json?["label"] == "ab")
        #expect(try await server.get("/v1/notes/\(noteID)/search?query=a%00b").json == "ab")
        #expect(try await server.get("/v1/shelves/name/a%00b").json == "ab")
    }

    @Test func `a lone surrogate does no harm`() async throws {
        #expect(try await server.send(.post, "/v1/notes/", #"{"label":"a\ud800"}"#).json?["label"] == "a\u{FFFD}")
    }

    @Test func `JSON too deep is refused`() async throws {
        let deep = String(repeating: "[", count: 100_000)
        let answer = try await server.send(.post, "/v1/notes/", deep)
        #expect(answer.status == 422)
        #expect(answer.detail?.hasPrefix("[{'type': 'json_invalid', 'loc': ('body', 512)") == true)
    }

    @Test func `numbers no machine holds are refused or kept apart`() async throws {
        let huge = "1" + String(repeating: "0", count: 400)
        let answer = try await server.send(.post, "/v1/notes/", #"{"label":"a","count":\#(huge)}"#)
        #expect(answer.status == 422)
        let large = try await server.send(.post, "/v1/notes/", #"{"label":"a","count":9223372036854775808}"#)
        #expect(large.detail?.hasPrefix("[{'type': 'int_parsing_size'") == true)
    }

    @Test func `a request cannot make its answer long`() async throws {
        let long = String(repeating: "x", count: 100_000)
        let object = try await server.send(.post, "/v1/notes/", #"{"value": "\#(long)"}"#)
        #expect(object.detail?.hasSuffix("xxx…}]") == true)
        #expect((object.detail?.utf8.count ?? 0) < 1200)
        let text = try await server.send(.post, "/v1/notes/", long, headers: [.contentType: "text/plain"])
        #expect((text.detail?.utf8.count ?? 0) < 1300)
    }

    @Test func `a change tells absent from null`() async throws {
        let answer = try await server.send(.patch, "/v1/notes/\(noteID)", #"{"count": null}"#)
        #expect(answer.json == ["label": "keep", "count": "clear"])
        let set = try await server.send(.patch, "/v1/notes/\(noteID)", #"{"label": "b", "count": 2}"#)
        #expect(set.json == ["label": "set(\"b\")", "count": "set(2)"])
    }

    @Test func `an optional body may be left out`() async throws {
        #expect(try await server.send(.post, "/v1/notes/\(noteID)/reset").json == "nothing sent")
        #expect(try await server.send(.post, "/v1/notes/\(noteID)/reset", #"{"hard":true}"#).json == "hard: true")
        let missing = try await server.send(.post, "/v1/notes/\(noteID)/reset", "{}")
        #expect(
            missing.detail == "[{'type': 'missing', 'loc': ('body', 'hard'), 'msg': 'Field required', 'input': {}}]")
    }

    @Test func `a body that is a list`() async throws {
        let fits = try await server.send(.put, "/v1/notes/\(noteID)/properties", #"[{"kind":"rich"}]"#)
        #expect(fits.status == 201)
        #expect(fits.json == 1)
        let wrong = try await server.send(.put, "/v1/notes/\(noteID)/properties", #"[{"kind":"zz"}]"#)
        #expect(wrong.detail?.hasPrefix("[{'type': 'enum', 'loc': ('body', 0, 'kind'), ") == true)
        let object = try await server.send(.put, "/v1/notes/\(noteID)/properties", "{}")
        #expect(
            object.detail
                == "[{'type': 'list_type', 'loc': ('body',), 'msg': 'Input should be a valid list', 'input': {}}]")
    }

    @Test func `the peer's text for a rule broken by the whole body`() {
        let message = "Agent type AgentType.voice_convo_agent requires enable_sleeptime to be True"
        let issue = ValidationIssue(
            type: "value_error", location: [.name("body")], message: "Value error, \(message)",
            input: ["name": "voice_convo_agent", "memory_blocks": [["label": "human", "value": "Name: Ann"]]])
        #expect(
            PythonText.list(of: [issue])
                == "[{'type': 'value_error', 'loc': ('body',), 'msg': 'Value error, \(message)', 'input': {'name': "
                + "'voice_convo_agent', 'memory_blocks': [{'label': 'human', 'value': 'Name: Ann'}]}, "
                + "'ctx': {'error': ValueError('\(message)')}}]")
    }
}
