import JSON

/// The messages of a request in Anthropic's form: system texts apart, the rest merged into alternating turns of the user
/// and the assistant, the first and the last of the user.
struct AnthropicConversation {
    enum Role: String {
        case user
        case assistant
    }

    enum Block {
        case text(String)
        /// A `data:` URI or an address.
        case image(String)
        case reasoning(String, signature: String)
        /// A block as the service sent it, such as encrypted reasoning.
        case verbatim(JSONValue)
        case toolUse(ModelToolCall)
        case toolResult(callID: String, text: String)
    }

    struct Turn {
        var role: Role
        var blocks: [Block]
    }

    private(set) var system: [String] = []
    private(set) var turns: [Turn] = []
    /// False when the calls under way were made without reasoning, or it was not kept.
    private(set) var acceptsReasoning = true

    init(_ messages: [ModelMessage]) {
        let start = Self.startOfExchange(in: messages)
        for (index, message) in messages.enumerated() {
            switch message {
            case .system(let text): if !Self.isBlank(text) { system.append(text) }
            case .user(let parts, _): add(.user, parts.compactMap(Self.block))
            case .tool(let callID, let text): add(.user, [.toolResult(callID: Self.valid(callID), text: text)])
            case .assistant(let text, let reasoning, let signature, let calls):
                // That of earlier exchanges too, which the service leaves out by itself: so the requests of an agent begin
                // with the same bytes.
                var blocks = Self.reasoning(reasoning, signature)
                if index > start { acceptsReasoning = !blocks.isEmpty }
                if let text, !Self.isBlank(text) { blocks.append(.text(text)) }
                blocks += calls.map { .toolUse($0) }
                add(.assistant, blocks)
            }
        }
        if turns.first?.role != .user { turns.insert(Turn(role: .user, blocks: [.text("(continued)")]), at: 0) }
        if turns.last?.role == .assistant { add(.user, [.text("Continue.")]) }
    }

    /// The blocks of reasoning that the service can verify; none of another service's.
    private static func reasoning(_ text: String?, _ signature: String?) -> [Block] {
        guard let signature else { return [] }
        if let blocks = OpaqueReasoning.anthropic.unwrapped(signature)?.array { return blocks.map { .verbatim($0) } }
        guard let text, OpaqueReasoning.isPlain(signature) else { return [] }
        return [.reasoning(text, signature: signature)]
    }

    private mutating func add(_ role: Role, _ blocks: [Block]) {
        guard !blocks.isEmpty else { return }
        if turns.last?.role == role {
            turns[turns.count - 1].blocks += blocks
        } else {
            turns.append(Turn(role: role, blocks: blocks))
        }
    }

    /// The user's message that the model is answering with its calls. The reasoning after it is what the service insists
    /// on.
    private static func startOfExchange(in messages: [ModelMessage]) -> Int {
        messages.indices.last { index in
            guard case .user = messages[index] else { return false }
            // A notice that follows a result belongs to the same exchange.
            if index > 0, case .tool = messages[index - 1] { return false }
            return true
        } ?? -1
    }

    /// The API rejects a blank text.
    private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

    private static func block(_ part: ModelContentPart) -> Block? {
        switch part {
        case .text(let text): isBlank(text) ? nil : .text(text)
        case .image(let url, _): .image(url)
        }
    }

    /// A call's id as the API accepts it; other providers use other characters.
    fileprivate static func valid(_ id: String) -> String {
        String(id.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "_" })
    }
}

extension AnthropicConversation.Turn: JSONWritable {
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.nestedArray("content") { writer in
                for block in blocks { writer.element(block) }
            }
            writer.field("role", role.rawValue)
        }
    }
}

extension AnthropicConversation.Block: JSONWritable {
    func write(to writer: inout JSONWriter) {
        if case .verbatim(let block) = self { return writer.value(block) }
        writer.object { writer in
            switch self {
            case .verbatim: break
            case .text(let text):
                writer.field("type", "text")
                writer.field("text", text)
            case .image(let url):
                writer.field("type", "image")
                writer.nestedObject("source") { Self.writeSource(url, to: &$0) }
            case .reasoning(let text, let signature):
                writer.field("type", "thinking")
                writer.field("thinking", text)
                writer.field("signature", signature)
            case .toolUse(let call):
                writer.field("type", "tool_use")
                writer.field("id", AnthropicConversation.valid(call.id))
                writer.field("name", call.name)
                writer.field("input", Self.input(call.arguments))
            case .toolResult(let callID, let text):
                writer.field("type", "tool_result")
                writer.field("tool_use_id", callID)
                writer.field("content", text)
            }
        }
    }

    private static func writeSource(_ url: String, to writer: inout JSONWriter) {
        let parts = url.split(separator: ",", maxSplits: 1)
        if url.hasPrefix("data:"), parts.count == 2, parts[0].hasSuffix(";base64") {
            writer.field("type", "base64")
            writer.field("media_type", String(parts[0].dropFirst("data:".count).dropLast(";base64".count)))
            writer.field("data", String(parts[1]))
        } else {
            writer.field("type", "url")
            writer.field("url", url)
        }
    }

    /// The API takes an object; a model of another provider may have written anything.
    private static func input(_ arguments: String) -> JSONValue {
        guard let value = try? JSONParser().parse(Array(arguments.utf8)), value.object != nil else { return [:] }
        return value
    }
}
