package import JSON
import LettaAPI

/// The OpenAPI 3.1 description of what is served, made from the registered endpoints and their types.
package struct OpenAPIDocument: Sendable {
    package let json: JSONValue
    /// Types that could not be described in full, with the reason; they should be ``SchemaDescribing``.
    package let undescribed: [String]

    package var bytes: [UInt8] { JSONWriter.bytes(of: json) }

    package init(records: [EndpointRecord], title: String, version: String) {
        let recorder = SchemaRecorder()
        var paths = JSONObject()
        for record in records where record.kind != .unserved {
            let path = String(record.path.prefix { $0 != "?" })
            var item = paths[path]?.object ?? [:]
            item[record.verb.rawValue.lowercased()] = Self.operation(record, path, recorder)
            paths[path] = .object(item)
        }
        json = [
            "openapi": "3.1.0",
            "info": ["title": .string(title), "version": .string(version)],
            "security": [["password": []]],
            "paths": .object(paths),
            "components": [
                "schemas": .object(recorder.components),
                "responses": ["Unfit": Self.unfit, "Failure": Self.failure],
                "securitySchemes": ["password": ["type": "http", "scheme": "bearer"]],
            ],
        ]
        undescribed = recorder.undescribed
    }

    private static func operation(
        _ record: EndpointRecord, _ path: String, _ recorder: SchemaRecorder
    ) -> JSONValue {
        let words = path.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        // `mcp-servers` and `mcp/servers` have the same words.
        var id = [record.verb.rawValue.lowercased()] + words
        if record.original != nil { id.append("alias") }
        var operation: JSONObject = [
            "summary": .string(record.summary),
            "operationId": .string(id.joined(separator: "_")),
        ]
        if let original = record.original { operation["x-alias-of"] = .string(original) }
        if record.kind == .endpoint, words.count > 1 { operation["tags"] = [.string(words[1])] }
        let parameters = captures(record) + (record.types.map { query($0.query, recorder) } ?? [])
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let types = record.types {
            operation["requestBody"] = body(types.body, recorder)
        }
        operation["responses"] = .object(responses(record, recorder))
        return .object(operation)
    }

    private static func captures(_ record: EndpointRecord) -> [JSONValue] {
        let template = RouteTemplate(record.path)
        let inPath = Set(template.captureNames)
        return record.captures.map { capture in
            let parameter = template.queryCaptures.first { $0.capture == capture.name }?.parameter ?? capture.name
            return [
                "name": .string(parameter), "in": inPath.contains(capture.name) ? "path" : "query", "required": true,
                "schema": capture.pattern.schema,
            ]
        }
    }

    private static func query(_ type: any Decodable.Type, _ recorder: SchemaRecorder) -> [JSONValue] {
        guard type != NoQuery.self else { return [] }
        return recorder.members(of: type).map { member in
            [
                "name": .string(member.name), "in": "query", "required": .bool(member.isRequired),
                "schema": member.schema,
            ]
        }
    }

    private static func body(_ type: any Decodable.Type, _ recorder: SchemaRecorder) -> JSONValue? {
        guard type != NoBody.self else { return nil }
        return [
            "required": .bool(!(type is any ExpressibleByNilLiteral.Type)),
            "content": ["application/json": ["schema": recorder.schema(of: type)]],
        ]
    }

    private static func responses(_ record: EndpointRecord, _ recorder: SchemaRecorder) -> JSONObject {
        let failure: JSONValue = ["$ref": "#/components/responses/Failure"]
        guard let types = record.types else { return ["200": ["description": "Success"], "default": failure] }
        var success: JSONObject = ["description": "Success"]
        if record.status != 204 {
            var content: JSONObject = ["application/json": ["schema": recorder.schema(of: types.output)]]
            if record.mayStream { content["text/event-stream"] = ["schema": ["type": "string"]] }
            success["content"] = .object(content)
        }
        return [
            "\(record.status)": .object(success),
            "422": ["$ref": "#/components/responses/Unfit"],
            "default": failure,
        ]
    }

    private static let failure: JSONValue = [
        "description": "The operation failed: the status and the text say why.",
        "content": [
            "application/json": [
                "schema": [
                    "type": "object",
                    "properties": [
                        "detail": ["description": "A text, or an object with a code and a message."],
                        "error": ["type": "object", "description": "Of a model: its type, a message and details."],
                    ],
                    "anyOf": [["required": ["detail"]], ["required": ["error"]]],
                ]
            ]
        ],
    ]

    private static let unfit: JSONValue = [
        "description": "The request does not fit the operation.",
        "content": [
            "application/json": [
                "schema": [
                    "type": "object",
                    "required": ["detail"],
                    "properties": [
                        "trace_id": ["type": "string"],
                        "detail": [
                            "type": "string",
                            "description":
                                "What doesn't fit: a list of complaints as Python would print it, or a text.",
                        ],
                        "examples": ["type": "array", "items": ["type": "string"]],
                    ],
                ]
            ]
        ],
    ]
}
