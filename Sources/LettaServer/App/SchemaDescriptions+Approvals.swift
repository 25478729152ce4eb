import HTTPKit
package import JSON
package import LettaAPI

extension SentMessage: SchemaDescribing {
    package static var schema: JSONValue {
        [
            "anyOf": [
                [
                    "type": "object", "required": ["role", "content"],
                    "properties": [
                        "role": ["type": "string", "enum": ["user", "system", "assistant"]],
                        "content": MessageContent.schema, "name": ["type": "string"], "otid": ["type": "string"],
                        "sender_id": ["type": "string"],
                    ],
                ],
                [
                    "type": "object", "required": ["type"],
                    "properties": [
                        "type": ["type": "string", "enum": ["approval", "tool_return"]],
                        "approvals": answers, "tool_returns": answers, "approve": ["type": "boolean"],
                        "approval_request_id": ["type": "string"], "reason": ["type": "string"],
                        "otid": ["type": "string"],
                    ],
                ],
            ]
        ]
    }

    private static var answers: JSONValue {
        [
            "type": "array",
            "items": [
                "type": "object", "required": ["tool_call_id"],
                "properties": [
                    "type": ["type": "string", "enum": ["approval", "tool"]], "tool_call_id": ["type": "string"],
                    "approve": ["type": "boolean"], "reason": ["type": "string"],
                    "tool_return": MessageContent.schema,
                    "status": ["type": "string", "enum": ["success", "error"]],
                    "stdout": ["type": "array", "items": ["type": "string"]],
                    "stderr": ["type": "array", "items": ["type": "string"]],
                ],
            ],
        ]
    }
}
