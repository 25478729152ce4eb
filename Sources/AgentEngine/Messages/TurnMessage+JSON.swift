package import JSON

extension TurnMessage.Part {
    /// The part as it is stored.
    package var json: JSONValue {
        switch self {
        case .text(let text):
            ["type": "text", "text": .string(text), "signature": nil]
        case .image(let image):
            ["type": "image", "source": image.json]
        case .reasoning(let reasoning):
            reasoning.json
        case .toolCall(let call):
            Self.marked(
                [
                    "type": "tool_call", "id": .string(call.id), "name": .string(call.name),
                    "arguments": .string(call.arguments), "needs_approval": .bool(call.needsApproval),
                ], call.loop)
        case .toolReturn(let result):
            Self.marked(
                [
                    "type": "tool_return", "tool_call_id": .string(result.callID), "result": result.result,
                    "status": .string(result.succeeded ? "success" : "error"), "stdout": JSONValue(result.stdout),
                    "stderr": JSONValue(result.stderr),
                ], result.loop)
        case .approval(let decision):
            decision.json
        }
    }

    private static func marked(_ part: JSONObject, _ loop: AgentLoop) -> JSONValue {
        guard loop == .heartbeat else { return .object(part) }
        var part = part
        part["loop"] = "heartbeat"
        return .object(part)
    }

    private static func loop(_ json: JSONValue) -> AgentLoop {
        json["loop"]?.string == "heartbeat" ? .heartbeat : .answering
    }

    /// Reads a part that `json` wrote; nil for anything else.
    package init?(json: JSONValue) {
        switch json["type"]?.string {
        case "text":
            guard let text = json["text"]?.string else { return nil }
            self = .text(text)
        case "image":
            guard let image = json["source"].flatMap(TurnMessage.Image.init(json:)) else { return nil }
            self = .image(image)
        case "reasoning":
            guard let text = json["reasoning"]?.string else { return nil }
            var reasoning = TurnMessage.Reasoning(
                text, signature: json["signature"]?.string, isNative: json["is_native"]?.bool ?? true)
            reasoning.isOmitted = json["is_omitted"]?.bool ?? false
            self = .reasoning(reasoning)
        case "tool_call":
            guard let id = json["id"]?.string, let name = json["name"]?.string,
                let arguments = json["arguments"]?.string
            else { return nil }
            let needsApproval = json["needs_approval"]?.bool ?? false
            self = .toolCall(
                TurnMessage.ToolCall(
                    id: id, name: name, arguments: arguments, needsApproval: needsApproval, loop: Self.loop(json)))
        case "tool_return":
            guard let callID = json["tool_call_id"]?.string, let result = json["result"] else { return nil }
            var read = TurnMessage.ToolReturn(
                callID: callID, result: result, succeeded: json["status"]?.string == "success",
                stdout: json["stdout"]?.strings, stderr: json["stderr"]?.strings)
            read.loop = Self.loop(json)
            self = .toolReturn(read)
        case "approval":
            guard let decision = ApprovalDecision(json: json) else { return nil }
            self = .approval(decision)
        default:
            return nil
        }
    }
}

extension TurnMessage.Reasoning {
    fileprivate var json: JSONValue {
        var fields: JSONObject = [
            "type": "reasoning", "is_native": .bool(isNative), "reasoning": .string(text),
            "signature": JSONValue(signature),
        ]
        if isOmitted { fields["is_omitted"] = true }
        return .object(fields)
    }
}

extension TurnMessage.Image {
    /// The `source` of an image part, as clients see it too.
    package var json: JSONValue {
        switch source {
        case .data(let base64, let mediaType, let fileID):
            [
                "type": fileID == nil ? "base64" : "letta", "file_id": JSONValue(fileID),
                "media_type": .string(mediaType), "data": .string(base64), "detail": JSONValue(detail),
            ]
        case .url(let url):
            ["type": "url", "url": .string(url), "detail": JSONValue(detail)]
        }
    }

    /// Reads a source as clients send it and as it is stored; nil when it is no image.
    package init?(json: JSONValue) {
        let detail = json["detail"]?.string
        if let url = json["url"]?.string {
            self.init(.url(url), detail: detail)
        } else if let data = json["data"]?.string {
            let mediaType = json["media_type"]?.string ?? "image/png"
            self.init(.data(base64: data, mediaType: mediaType, fileID: json["file_id"]?.string), detail: detail)
        } else {
            return nil
        }
    }

    /// The URL in a model request: a `data:` URI for bytes.
    var address: String {
        switch source {
        case .data(let base64, let mediaType, _): "data:\(mediaType);base64,\(base64)"
        case .url(let url): url
        }
    }
}

extension JSONValue {
    fileprivate init(_ text: String?) {
        self = text.map { .string($0) } ?? .null
    }

    fileprivate init(_ texts: [String]?) {
        self = texts.map { .array($0.map { .string($0) }) } ?? .null
    }

    fileprivate var strings: [String]? { array?.compactMap(\.string) }
}
