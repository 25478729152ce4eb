import JSON

extension ModelRequest {
    /// The approximate size of what the model reads, in bytes of UTF-8. An image counts as its usual cost in tokens and
    /// not as its bytes.
    package var byteCount: Int {
        messages.reduce(0) { $0 + $1.byteCount } + tools.reduce(0) { $0 + $1.byteCount }
    }
}

extension ModelTool {
    package var byteCount: Int { function.text.utf8.count }
}

extension ModelMessage {
    /// What the envelope of a message costs.
    private static let envelope = 16
    /// About 1,200 tokens.
    private static let image = 4_800

    package var byteCount: Int {
        switch self {
        case .system(let text), .tool(_, let text):
            return Self.envelope + text.utf8.count
        case .user(let parts, let name):
            return parts.reduce(Self.envelope + (name?.utf8.count ?? 0)) { size, part in
                switch part {
                case .text(let text): size + text.utf8.count
                case .image: size + Self.image
                }
            }
        case .assistant(let text, let reasoning, _, let calls):
            return calls.reduce(Self.envelope + (text?.utf8.count ?? 0) + (reasoning?.utf8.count ?? 0)) {
                $0 + Self.envelope + $1.name.utf8.count + $1.arguments.utf8.count
            }
        }
    }
}
