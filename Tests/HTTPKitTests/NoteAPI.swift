import HTTPKit
import HTTPTypes
import Hummingbird
import JSON
import LettaAPI

// A small API of its own, so that these tests say what HTTPKit does and not what a feature does.

struct Note: Resource, Codable, JSONWritable, Sendable {
    static let idPrefix = "note"

    var id: ID<Note>
    var label: String
    var kind: NoteKind?
    var createdAt: Timestamp
    /// Makes the type contain itself.
    var replies: [Note]

    enum CodingKeys: String, CodingKey {
        case id, label, kind, replies
        case createdAt = "created_at"
    }

    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id)
            $0.field("label", label)
        }
    }
}

enum NoteKind: String, Codable, CaseIterable, Sendable {
    case plain, rich, voice
}

struct ListNotes: Codable, Sendable {
    var limit: Int?
    var order: SortOrder?
    var tags: [String]?
    var kinds: [NoteKind]?
    var pinned: Bool?
    var after: String?
}

struct ListLabels: Codable, Sendable {
    var after: String?
}

struct NeedsQuery: Codable, Sendable {
    var query: String
}

struct CreateNote: Codable, Sendable {
    struct Part: Codable, Sendable {
        var kind: NoteKind
        var weight: Double?
    }

    var label: String
    var count: Int?
    var ratio: Double?
    var pinned: Bool?
    var kind: NoteKind?
    var parts: [Part]?
    var extra: [String: Int]?
    var time: Timestamp?
}

struct UpdateNote: Codable, Sendable {
    var label: Patch<String>
    var count: Patch<Int>
}

struct ResetNote: Codable, Sendable {
    var hard: Bool
}

/// What a handler got, told back as JSON.
struct Echo: Codable, JSONWritable, Sendable {
    var json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    init(from decoder: any Decoder) throws {
        json = try JSONValue(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
        try json.encode(to: encoder)
    }

    func write(to writer: inout JSONWriter) {
        json.write(to: &writer)
    }
}

enum NoteEndpoints {
    static let health = Endpoint<NoPath, NoQuery, NoBody, Echo>(.get, "/v1/health/", "Says that it is up.")
    static let ready = Endpoint<NoPath, NoQuery, NoBody, Echo>(.get, "/v1/ready/", "Says that it is ready.")
    static let list = Endpoint<NoPath, ListNotes, NoBody, Echo>(.get, "/v1/notes/", "Lists notes.")
    static let create = Endpoint<NoPath, NoQuery, CreateNote, Echo>(.post, "/v1/notes/", "Creates a note.")
    static let count = Endpoint<NoPath, NoQuery, NoBody, Int>(.get, "/v1/notes/count", "Counts notes.")
    static let retrieve = Endpoint<ID<Note>, NoQuery, NoBody, Note>(
        .get, "/v1/notes/{note_id}", "Retrieves a note.")
    static let update = Endpoint<ID<Note>, NoQuery, UpdateNote, Echo>(.patch, "/v1/notes/{note_id}", "Changes a note.")
    static let delete = Endpoint<ID<Note>, NoQuery, NoBody, NullOutput>(
        .delete, "/v1/notes/{note_id}", "Deletes a note.")
    static let search = Endpoint<ID<Note>, NeedsQuery, NoBody, Echo>(
        .get, "/v1/notes/{note_id}/search", "Searches in a note.")
    static let tag = Endpoint<NamedPath<Note>, NoQuery, NoBody, Echo>(
        .get, "/v1/notes/{note_id}/tags/{tag_name}", "Retrieves a tag.")
    static let countTags = Endpoint<ID<Note>, NoQuery, NoBody, Echo>(
        .get, "/v1/notes/{note_id}/tags/count", "Counts tags.")
    static let export = Endpoint<ID<Note>, NoQuery, NoBody, Echo>(
        .get, "/v1/notes/{note_id}/export", "Exports a note.", aliases: ["/v1/notes/export"])
    static let named = Endpoint<TextPath, NoQuery, NoBody, Echo>(
        .get, "/v1/shelves/name/{shelf_name}", "Finds a shelf.", aliases: ["/v1/shelves/by-name?name={shelf_name}"])
    static let call = Endpoint<NamedPath<Note>, NoQuery, Echo, Echo>(
        .post, "/v1/notes/{note_id}/call/{tool_name}", "Calls a tool.", aliases: ["/v1/calls/{id}"])
    static let reset = Endpoint<ID<Note>, NoQuery, ResetNote?, Echo>(.post, "/v1/notes/{note_id}/reset", "Resets.")
    static let properties = Endpoint<ID<Note>, NoQuery, [CreateNote.Part], Echo>(
        .put, "/v1/notes/{note_id}/properties", "Sets properties.", status: 201)
    static let clear = Endpoint<NoPath, NoQuery, NoBody, NullOutput>(
        .delete, "/v1/trash", "Empties the trash.", status: 204)
    static let labels = Endpoint<NoPath, ListLabels, NoBody, [String]>(.get, "/v1/labels", "Lists labels.")
    static let deleteLabels = Endpoint<NoPath, NoQuery, NoBody, NullOutput>(.delete, "/v1/labels", "Deletes labels.")
    static let deleteLabel = Endpoint<TextPath, NoQuery, NoBody, NullOutput>(
        .delete, "/v1/labels/{label}", "Deletes a label.", status: 204)
    static let whoami = Endpoint<NoPath, NoQuery, NoBody, Echo>(.get, "/v1/whoami", "Tells who calls.")
    static let say = Endpoint<NoPath, NoQuery, ResetNote, Echo>(.post, "/v1/say", "Streams what was sent.")
    static let upload = Endpoint<ID<Note>, NoQuery, NoBody, Echo>(.post, "/v1/notes/{note_id}/upload", "Takes a file.")
    static let fail = Endpoint<TextPath, NoQuery, NoBody, NullOutput>(.get, "/v1/fail/{how}", "Fails.")
}

struct StorageDown: Error {}
struct Surprise: Error, CustomStringConvertible {
    var description: String { "password=hunter2" }
}

/// Has the signatures of services, for handlers of one expression.
struct LabelService: Sendable {
    func list(after label: String?) async throws -> Page<String> {
        label == "c" ? Page(["d"]) : Page(["b", "c"], next: "c")
    }

    func deleteAll() async throws {}

    @discardableResult func delete(_ label: String) async throws -> Bool { label.isEmpty }
}

struct NoteRoutes: RouteGroup {
    let labels = LabelService()

    func register(on routes: Routes) {
        routes.handle(NoteEndpoints.health) { _ in Echo(["status": "ok"]) }
        routes.handle(NoteEndpoints.ready) { _ in Echo(["status": "ok"]) }
        routes.handle(NoteEndpoints.list, list)
        routes.handle(NoteEndpoints.create, create)
        routes.handle(NoteEndpoints.count) { _ in 7 }
        routes.handle(NoteEndpoints.retrieve, retrieve)
        routes.handle(NoteEndpoints.update, update)
        routes.handle(NoteEndpoints.delete) { _ in NullOutput() }
        routes.handle(NoteEndpoints.search) { Echo(.string($0.query.query)) }
        routes.handle(NoteEndpoints.tag) {
            Echo(["note": .string($0.path.outer.rawValue), "tag": .string($0.path.name)])
        }
        routes.handle(NoteEndpoints.countTags) { _ in Echo("count of tags") }
        routes.handle(NoteEndpoints.export) { Echo(["exported": .string($0.path.rawValue)]) }
        routes.handle(NoteEndpoints.named) { Echo(.string($0.path.text)) }
        routes.handle(NoteEndpoints.call) { Echo(["tool": .string($0.path.name), "arguments": $0.body.json]) }
        routes.handle(NoteEndpoints.reset) { Echo(.string($0.body.map { "hard: \($0.hard)" } ?? "nothing sent")) }
        routes.handle(NoteEndpoints.properties) { Echo(.int(Int64($0.body.count))) }
        routes.handle(NoteEndpoints.clear) { _ in NullOutput() }
        routes.handle(NoteEndpoints.labels) { [labels] in try await labels.list(after: $0.query.after) }
        routes.handle(NoteEndpoints.deleteLabels) { [labels] _ in try await labels.deleteAll() }
        routes.handle(NoteEndpoints.deleteLabel) { [labels] in try await labels.delete($0.path.text) }
        routes.handle(NoteEndpoints.whoami, whoami)
        routes.handle(NoteEndpoints.fail, fail)
        routes.handleResponse(NoteEndpoints.say, say)
        routes.handleResponse(NoteEndpoints.upload) { call, request in
            var request = request
            let file = try await request.collectBody(upTo: 1000)
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "\(file.readableBytes)")))
        }
        routes.handleRaw(.get, "/", "Leads to the pages.") { _, _ in .redirect(to: "/docs", type: .temporary) }
        routes.handleRaw(.get, "/stream", "Streams two pieces.") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "one "))
                    try await writer.write(ByteBuffer(string: "two"))
                    try await writer.finish(nil)
                })
        }
        routes.declareUnserved([(.post, "/v1/voice/{agent_id}/chat"), (.get, "/v1/notes/{id}/export")])
    }

    private func list(_ call: Call<NoPath, ListNotes, NoBody>) async throws -> Reply<Echo> {
        let query = call.query
        let told: JSONValue = [
            "limit": query.limit.map { .int(Int64($0)) } ?? nil,
            "order": query.order.map { .string($0.rawValue) } ?? nil,
            "tags": query.tags.map { .array($0.map { .string($0) }) } ?? nil,
            "pinned": query.pinned.map { .bool($0) } ?? nil,
        ]
        return Reply(
            Echo(told), headers: PageLink.headers(target: call.target, next: query.limit.map { _ in "note 9" }))
    }

    private func create(_ call: Call<NoPath, NoQuery, CreateNote>) async throws -> Echo {
        Echo(["label": .string(call.body.label), "count": call.body.count.map { .int(Int64($0)) } ?? nil])
    }

    private func retrieve(_ call: Call<ID<Note>, NoQuery, NoBody>) async throws -> Note {
        Note(id: call.path, label: "found", kind: nil, createdAt: Timestamp(microseconds: 0), replies: [])
    }

    private func update(_ call: Call<ID<Note>, NoQuery, UpdateNote>) async throws -> Echo {
        Echo(["label": .string("\(call.body.label)"), "count": .string("\(call.body.count)")])
    }

    private func whoami(_ call: Call<NoPath, NoQuery, NoBody>) async throws -> Echo {
        let caller = call.caller
        return Echo([
            "user": .string(caller.user), "organization": .string(caller.organization),
            "project": caller.project.map { .string($0) } ?? nil, "generation": .string("\(caller.generation)"),
        ])
    }

    private func say(_ call: Call<NoPath, NoQuery, ResetNote>, _: Request) async throws -> Response {
        let frames = AsyncStream { continuation in
            for number in 1...2 { continuation.yield(Array("data: \(call.body.hard) \(number)\n\n".utf8)) }
            continuation.finish()
        }
        return .eventStream(frames, to: call.client)
    }

    private func fail(_ call: Call<TextPath, NoQuery, NoBody>) async throws -> NullOutput {
        switch call.path.text {
        case "text": throw APIError(418, "short and stout")
        case "pending":
            throw APIError(status: 409, body: .pendingApproval(message: "Wait.", requestID: "message-1"))
        case "busy": throw APIError(status: 409, body: .busy(message: "Busy.", runID: "run-1"))
        case "later": throw APIError.unavailable("Away.", underlying: Surprise())
        case "model":
            throw APIError(status: 429, body: .model(type: "llm_rate_limit", message: "Slow.", detail: nil))
        case "field": throw APIError.invalidField("label", "it's \"odd\"", input: ["label": "é\u{7}\n", "n": 1.5])
        case "http": throw HTTPError(.gone, message: "Gone for good")
        case "storage": throw StorageDown()
        case "cancelled": throw CancellationError()
        case "decoding": _ = try JSONDecoding().decode(CreateNote.self, from: ["label": 5])
        default: throw Surprise()
        }
        return NullOutput()
    }
}
