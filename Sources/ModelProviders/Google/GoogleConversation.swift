import JSON

/// The messages of a request in Google's form: system texts apart, the rest merged into turns of the user and the model.
struct GoogleConversation {
    struct Turn {
        var role: String
        var parts: [JSONValue]
    }

    private(set) var system: [String] = []
    private(set) var turns: [Turn] = []
    /// The names of the tools that were called, by the ids of the calls; the API knows results by the names.
    private var tools: [String: String] = [:]

    /// What Google documents for calls that another model made: newer models refuse a call without a signature.
    private static let foreignSignature = "skip_thought_signature_validator"

    init(_ messages: [ModelMessage]) {
        for message in messages {
            switch message {
            case .system(let text): if !text.isEmpty { system.append(text) }
            case .user(let parts, _): add("user", parts.compactMap(Self.part))
            case .tool(let callID, let text):
                let name = tools[callID] ?? "unknown"
                add("user", [["functionResponse": ["name": .string(name), "response": ["result": .string(text)]]]])
            case .assistant(let text, _, let signature, let calls): add(text, signature, calls)
            }
        }
        if turns.first?.role == "model" { turns.insert(Turn(role: "user", parts: [["text": "(continued)"]]), at: 0) }
        if turns.last?.role == "model" || turns.isEmpty { add("user", [["text": "Continue."]]) }
    }

    private mutating func add(_ text: String?, _ signature: String?, _ calls: [ModelToolCall]) {
        let signatures = OpaqueReasoning.google.unwrapped(signature)
        var parts: [JSONValue] = []
        if let text, !text.isEmpty {
            var part: JSONObject = ["text": .string(text)]
            part["thoughtSignature"] = signatures?["text"]
            parts.append(.object(part))
        }
        for (index, call) in calls.enumerated() {
            tools[call.id] = call.name
            var part: JSONObject = [
                "functionCall": ["name": .string(call.name), "args": Self.arguments(call.arguments)]
            ]
            if let own = signatures?["calls"]?[index], !own.isNull {
                part["thoughtSignature"] = own
            } else if index == 0 {
                part["thoughtSignature"] = .string(Self.foreignSignature)
            }
            parts.append(.object(part))
        }
        add("model", parts)
    }

    private mutating func add(_ role: String, _ parts: [JSONValue]) {
        guard !parts.isEmpty else { return }
        if turns.last?.role == role {
            turns[turns.count - 1].parts += parts
        } else {
            turns.append(Turn(role: role, parts: parts))
        }
    }

    /// A part of a user's message.
    private static func part(_ part: ModelContentPart) -> JSONValue? {
        switch part {
        case .text(let text): return text.isEmpty ? nil : ["text": .string(text)]
        case .image(let url, _):
            let parts = url.split(separator: ",", maxSplits: 1)
            guard url.hasPrefix("data:"), parts.count == 2, parts[0].hasSuffix(";base64") else {
                return ["fileData": ["fileUri": .string(url)]]
            }
            let type = String(parts[0].dropFirst("data:".count).dropLast(";base64".count))
            return ["inlineData": ["mimeType": .string(type), "data": .string(String(parts[1]))]]
        }
    }

    /// The API takes an object; a model of another provider may have written anything.
    private static func arguments(_ text: String) -> JSONValue {
        guard let value = try? JSONParser().parse(text), value.object != nil else { return [:] }
        return value
    }
}

extension GoogleConversation.Turn: JSONWritable {
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.nestedArray("parts") { writer in
                for part in parts { writer.element(part) }
            }
            writer.field("role", role)
        }
    }
}
