import HTTPTypes
import JSON
import LettaAPI
import Testing

@testable import HTTPKit

@Suite(.timeLimit(.minutes(2))) struct OpenAPITests {
    let document: OpenAPIDocument

    init() {
        let routes = Routes()
        NoteRoutes().register(on: routes)
        document = OpenAPIDocument(records: routes.records, title: "Notes", version: "1")
    }

    private func schema(_ name: String) -> JSONValue? {
        document.json["components"]?["schemas"]?[name]
    }

    @Test func `every type was described to its end`() {
        #expect(document.undescribed == [])
    }

    @Test func `a request body: names of the wire, types, what is needed`() {
        #expect(
            schema("CreateNote")
                == [
                    "type": "object",
                    "properties": [
                        "label": ["type": "string"],
                        "count": ["anyOf": [["type": "integer"], ["type": "null"]]],
                        "ratio": ["anyOf": [["type": "number"], ["type": "null"]]],
                        "pinned": ["anyOf": [["type": "boolean"], ["type": "null"]]],
                        "kind": [
                            "anyOf": [["type": "string", "enum": ["plain", "rich", "voice"]], ["type": "null"]]
                        ],
                        "parts": [
                            "anyOf": [
                                ["type": "array", "items": ["$ref": "#/components/schemas/CreateNote.Part"]],
                                ["type": "null"],
                            ]
                        ],
                        "extra": [
                            "anyOf": [
                                ["type": "object", "additionalProperties": ["type": "integer"]], ["type": "null"],
                            ]
                        ],
                        "time": ["anyOf": [Timestamp.schema, ["type": "null"]]],
                    ],
                    "required": ["label"],
                ])
        #expect(schema("CreateNote.Part")?["required"] == ["kind"])
    }

    @Test func `a type that contains itself refers to itself`() {
        let note = schema("Note")
        #expect(note?["properties"]?["replies"]?["items"] == ["$ref": "#/components/schemas/Note"])
        #expect(note?["required"] == ["id", "label", "replies", "created_at"])
        #expect(note?["properties"]?["id"]?["pattern"] != nil)
        #expect(note?["properties"]?["created_at"]?["format"] == "date-time")
    }

    @Test func `a change: everything may be left out or null`() {
        #expect(
            schema("UpdateNote")
                == [
                    "type": "object",
                    "properties": [
                        "label": ["anyOf": [["type": "string"], ["type": "null"]]],
                        "count": ["anyOf": [["type": "integer"], ["type": "null"]]],
                    ],
                ])
    }

    @Test func `an operation`() {
        let operation = document.json["paths"]?["/v1/notes/{note_id}/search"]?["get"]
        #expect(operation?["summary"] == "Searches in a note.")
        #expect(operation?["operationId"] == "get_v1_notes_note_id_search")
        #expect(operation?["tags"] == ["notes"])
        let parameters = operation?["parameters"]?.array ?? []
        #expect(parameters.count == 2)
        #expect(parameters.first?["in"] == "path")
        #expect(parameters.first?["name"] == "note_id")
        #expect(parameters.last == ["name": "query", "in": "query", "required": true, "schema": ["type": "string"]])
        #expect(operation?["requestBody"] == nil)
        #expect(operation?["responses"]?["422"] == ["$ref": "#/components/responses/Unfit"])
    }

    @Test func `list parameters, bodies that are lists or optional, other statuses`() {
        let paths = document.json["paths"]
        let tags = paths?["/v1/notes/"]?["get"]?["parameters"]?.array?.first { $0["name"] == "tags" }
        #expect(tags?["required"] == false)
        let properties = paths?["/v1/notes/{note_id}/properties"]?["put"]
        #expect(properties?["responses"]?["201"] != nil)
        #expect(
            properties?["requestBody"]?["content"]?["application/json"]?["schema"]
                == ["type": "array", "items": ["$ref": "#/components/schemas/CreateNote.Part"]])
        #expect(paths?["/v1/notes/{note_id}/reset"]?["post"]?["requestBody"]?["required"] == false)
        #expect(paths?["/v1/trash"]?["delete"]?["responses"]?["204"] == ["description": "Success"])
        #expect(
            paths?["/v1/notes/count"]?["get"]?["responses"]?["200"]?["content"]?["application/json"]?["schema"]
                == ["type": "integer"])
    }

    @Test func `what is not served is not promised, and everything referred to is there`() throws {
        #expect(document.json["paths"]?["/v1/voice/{agent_id}/chat"] == nil)
        let text = String(decoding: document.bytes, as: UTF8.self)
        let names = text.split(separator: "#/components/schemas/").dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(!names.isEmpty)
        for name in names { #expect(schema(String(name)) != nil) }
        #expect(document.json["openapi"] == "3.1.0")
    }

    @Test func `the documents for operators`() async throws {
        let metrics = PrometheusMetrics()
        let routes = Routes()
        NoteRoutes().register(on: routes)
        MetricsRoutes(metrics).register(on: routes)
        OpenAPIRoutes(title: "Notes", version: "1").register(on: routes)
        let server = try TestServer(routes: routes, metrics: metrics)
        let description = try await server.get("/openapi.json")
        #expect(description.headers[.contentType] == "application/json")
        #expect(description.json?["paths"]?["/metrics"]?["get"]?["summary"] != nil)
        #expect(description.json?["paths"]?["/v1/notes/"]?["post"] == document.json["paths"]?["/v1/notes/"]?["post"])
        let counted = try await server.get("/metrics")
        #expect(counted.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(counted.body.contains(#"http_requests_total{method="GET",route="/openapi.json",status="200"} 1"#))
    }
}
