import JSON

/// What a provider wants back in the next step besides the text of its reasoning: encrypted reasoning, signatures of
/// calls. It is kept as the signature of the reasoning, behind the name of the format, so that it goes back to that
/// format alone. Anthropic's own signature of one block is kept plain.
package enum OpaqueReasoning: String, Sendable {
    case anthropic, google, openAI = "openai", openRouter = "openrouter"

    /// In bytes; what is larger is not kept.
    private static let limit = 1_024 * 1_024

    func wrapped(_ value: JSONValue) -> String? {
        let text = "\(rawValue):\(JSONWriter.string(of: value))"
        return text.utf8.count > Self.limit ? nil : text
    }

    func unwrapped(_ signature: String?) -> JSONValue? {
        guard let signature, signature.hasPrefix("\(rawValue):") else { return nil }
        // A stored row; what is no JSON is as good as nothing.
        return try? JSONParser().parse(String(signature.dropFirst(rawValue.utf8.count + 1)))
    }

    /// The encrypted reasoning that Anthropic sent in place of what it does not show; nil when there is none.
    package static func redacted(in signature: String?) -> String? {
        guard let blocks = anthropic.unwrapped(signature)?.array else { return nil }
        let data = blocks.filter { $0["type"]?.string == "redacted_thinking" }.compactMap { $0["data"]?.string }
        return data.isEmpty ? nil : data.joined()
    }

    /// Whether a signature has the reasoning itself, encrypted. Google's signs texts and calls.
    package static func isEncrypted(_ signature: String) -> Bool {
        [anthropic, openAI].contains { signature.hasPrefix("\($0.rawValue):") }
    }

    /// Whether a signature is Anthropic's own, as clients may see it. Base64 has no colon.
    package static func isPlain(_ signature: String) -> Bool { !signature.utf8.contains(UInt8(ascii: ":")) }
}
