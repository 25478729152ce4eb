import HTTPKit
package import JSON
package import LettaAPI

// Types whose schema the recording decoder can't find.

extension BlockValue: SchemaDescribing {
    package static var schema: JSONValue { ["anyOf": [["type": "string"], ["type": "object"]]] }
}

extension MessageContent: SchemaDescribing {
    package static var schema: JSONValue {
        ["anyOf": [["type": "string"], ["type": "array", "items": ["type": "object"]]]]
    }
}

extension SecretValues: SchemaDescribing {
    package static var schema: JSONValue {
        [
            "anyOf": [
                ["type": "object", "additionalProperties": ["type": "string"]],
                [
                    "type": "array",
                    "items": [
                        "type": "object", "required": ["key", "value"],
                        "properties": ["key": ["type": "string"], "value": ["type": "string"]],
                    ],
                ],
            ]
        ]
    }
}

extension DayOrTime: SchemaDescribing {
    package static var schema: JSONValue {
        ["type": "string", "format": "date-time", "examples": ["2026-01-31", "2026-01-31T14:30:00Z"]]
    }
}

extension AgentCondition: SchemaDescribing {
    package static var schema: JSONValue {
        [
            "type": "object",
            "required": ["field", "value"],
            "properties": [
                "field": ["type": "string", "enum": ["name", "tags", "identity", "templateName", "version"]],
                "operator": ["type": "string", "enum": ["eq", "contains"]],
                "value": ["anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]]],
            ],
            "examples": [["field": "name", "operator": "eq", "value": "Ada"]],
        ]
    }
}

extension Run: SchemaRefining {
    package static func refined(_ schema: JSONValue) -> JSONValue {
        guard var object = schema.object, var properties = object["properties"]?.object else { return schema }
        properties["completed_at"] = [
            "anyOf": [
                [
                    "type": "string", "description": "In UTC, without a zone.",
                    "examples": ["2026-01-31T14:30:00.123456"],
                ],
                ["type": "null"],
            ]
        ]
        object["properties"] = .object(properties)
        return .object(object)
    }
}
