import JSON
import LettaAPI
import TestSupport
import Testing

/// What a client sends in any field of a body that creates or changes something is read back after a restart.
///
/// The fields are those of the OpenAPI document, so that a new field or a new body without a sample fails.
@Suite(.timeLimit(.minutes(5))) struct EveryFieldTests {
    /// A value for one field, and what reading shows afterwards.
    struct Sample: Sendable {
        var sent: JSONValue
        /// Nil: the value under the field's own name.
        var shown: JSONValue?
        /// What has to be sent with it.
        var with: JSONObject = [:]
        /// Where it is shown; nil: where the body says.
        var path: String?
    }

    /// A body with a sample for each field. `{n}` is another number for each request.
    struct Body: Sendable, CustomTestStringConvertible {
        var verb: HTTPVerb
        var path: String
        /// Sent with every request, behind the path.
        var query = ""
        /// Sent with every sample.
        var needs: JSONObject = [:]
        /// Makes what is changed and keeps its id under the name in the path; nil for a body that creates.
        var prepare: (@Sendable (TestServer) async throws -> Void)?
        /// `{id}` is the id of what was created.
        var read: String
        /// Whether reading gives an array with one element.
        var isListed = false
        var samples: [String: Sample]
        /// The fields that can't be read back, with the reason.
        var unread: [String: String] = [:]

        var testDescription: String { "\(verb.rawValue) \(path)" }
    }

    @Test func `every field of every body has a sample`() async throws {
        try await withServer(on: .sqlite) { server in
            let document = try await server.get("/openapi.json").json
            var listed = Set(Self.unstored.keys)
            for body in Self.bodies {
                listed.insert(body.testDescription)
                let operation = document["paths"]?[body.path]?[body.verb.rawValue.lowercased()]
                let schema = operation?["requestBody"]?["content"]?["application/json"]?["schema"]
                let reference = schema?["$ref"] ?? schema?["anyOf"]?[0]?["$ref"]
                let name = try #require(reference?.string?.split(separator: "/").last, "\(body.testDescription)")
                let fields = document["components"]?["schemas"]?[String(name)]?["properties"]?.object ?? [:]
                let known = Set(body.samples.keys).union(body.unread.keys)
                #expect(Set(fields.map(\.key)) == known, "\(body.testDescription)")
            }
            let bodies = (document["paths"]?.object ?? [:]).flatMap { path, item in
                (item.object ?? [:]).filter { $0.value["requestBody"] != nil && $0.value["x-alias-of"] == nil }.map {
                    "\($0.key.uppercased()) \(path)"
                }
            }
            #expect(listed == Set(bodies))
        }
    }

    @Test(arguments: bodies)
    func `what is sent is read back after a restart`(_ body: Body) async throws {
        try await withServer(on: .sqlite) { server in
            try await Self.seed(server)
            var number = 0
            var reads: [Scenario] = []
            for (field, sample) in body.samples.sorted(by: { $0.key < $1.key }) {
                let shown = sample.shown ?? .object([field: sample.sent])
                let expected = body.isListed ? .array([shown]) : shown
                let path = sample.path ?? body.read
                // Without the field it is not shown, or the sample shows nothing.
                number += 1
                let before = try await send(body, [:], number, server, path)
                #expect(
                    !before.differences(from: try server.filled(expected)).isEmpty, "\(field) is so without being sent")
                number += 1
                var object = sample.with
                object[field] = sample.sent
                _ = try await send(body, object, number, server, path)
                reads.append(
                    .get(server.filled(path), as: .legacy, expect: 200, try server.filled(expected)).note(field))
            }
            try await server.restart()
            try await server.run(reads)
        }
    }

    /// Sends the body and returns what reading shows then.
    private func send(
        _ body: Body, _ fields: JSONObject, _ number: Int, _ server: TestServer, _ path: String
    ) async throws -> JSONValue {
        server["n"] = "\(number)"
        try await body.prepare?(server)
        var object = body.needs
        for (name, value) in fields { object[name] = value }
        let answer = try await server.send(body.verb, body.path + body.query, .object(object), as: .legacy)
        #expect(answer.status == 200, "\(body.testDescription) \(fields): \(answer.text)")
        if body.prepare == nil { server["id"] = answer.id }
        return try await server.get(path, as: .legacy).json
    }

    private static func seed(_ server: TestServer) async throws {
        try await server.run([
            .post("/v1/blocks/", ["label": "shared", "value": "x"], expect: 200).keep("block"),
            .post("/v1/identities/", ["identifier_key": "i", "name": "I", "identity_type": "user"], expect: 200)
                .keep("identity"),
            .post("/v1/archives/", ["name": "a"], expect: 200).keep("archive_id"),
            .post(
                "/v1/agents/",
                ["name": "Ada", "model": model, "memory_blocks": [["label": "persona", "value": "p"]]], expect: 200
            ).keep("agent_id"),
            .patch("/v1/agents/{agent_id}/archives/attach/{archive_id}", expect: 200),
            .post("/v1/folders/", ["name": "docs", "embedding": embedding], expect: 200).keep("folder"),
        ])
        server["tool"] = try #require(try await server.get("/v1/tools/?limit=1").ids.first)
    }
}

extension TestServer {
    func make(_ path: String, _ body: JSONObject, as name: String) async throws {
        let answer = try await send(.post, path, try filled(.object(body)), as: .legacy)
        try #require(answer.status == 200, "\(answer.text)")
        self[name] = answer.id
    }

    /// The text with what the names stand for now: each request changes it.
    func filled(_ text: String) -> String {
        [
            "n", "id", "archive_id", "block_id", "tool_id", "step_id", "agent_id", "block", "tool", "identity",
            "identity_id", "provider_id", "mcp_server_id", "group_id",
            "conversation_id",
            "folder", "folder_id", "source_id",
        ]
        .reduce(text) { $0.replacing("{\($1)}", with: self[$1]) }
    }

    func filled(_ value: JSONValue) throws -> JSONValue {
        try JSONParser().parse(filled(JSONWriter.string(of: value)))
    }
}
