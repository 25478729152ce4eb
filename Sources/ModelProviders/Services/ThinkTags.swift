/// Separates reasoning that a model writes between tags at the beginning of its answer from the text behind it.
///
/// Deltas may cut a tag anywhere, so what may become one is held back. A tag after the first visible character is text.
struct ThinkTags: Sendable {
    private enum State {
        case start
        /// The newlines after the tag that begins it are dropped.
        case reasoning(end: String, isBegun: Bool)
        case text
    }

    private static let pairs = [
        ("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<reasoning>", "</reasoning>"),
        ("<thought>", "</thought>"), ("◁think▷", "◁/think▷"),
    ]

    private var state = State.start
    private var held = ""
    /// Blanks between reasoning and text are dropped.
    private var isAfterReasoning = false

    /// Whether the answer begins with neither reasoning nor blanks, so that all of it is text.
    var isText: Bool { if case .text = state { true } else { false } }

    mutating func feed(_ piece: String) -> [ModelDelta] {
        if isText { return [.text(piece)] }
        held += piece
        var deltas: [ModelDelta] = []
        while let delta = next() { if let delta { deltas.append(delta) } }
        return deltas
    }

    /// What was held back when the answer ends.
    mutating func end() -> [ModelDelta] {
        defer { held = "" }
        guard !held.isEmpty else { return [] }
        switch state {
        case .reasoning: return [.reasoning(held)]
        case .start where isAfterReasoning && held.allSatisfy(\.isWhitespace): return []
        case .start, .text: return [.text(held)]
        }
    }

    /// The next delta, `.some(nil)` after a tag, nil when more is needed.
    private mutating func next() -> ModelDelta?? {
        guard !held.isEmpty else { return nil }
        switch state {
        case .text:
            defer { held = "" }
            return .some(.text(held))
        case .start: return start()
        case .reasoning(let end, let isBegun): return reasoning(until: end, isBegun: isBegun)
        }
    }

    private mutating func start() -> ModelDelta?? {
        let rest = held.drop(while: \.isWhitespace)
        guard !rest.isEmpty else {
            if isAfterReasoning { held = "" }
            return nil
        }
        if let pair = Self.pairs.first(where: { rest.hasPrefix($0.0) }) {
            held = String(rest.dropFirst(pair.0.count))
            state = .reasoning(end: pair.1, isBegun: false)
            return .some(nil)
        }
        guard !Self.pairs.contains(where: { $0.0.hasPrefix(rest) }) else { return nil }
        if isAfterReasoning { held = String(rest) }
        state = .text
        return .some(nil)
    }

    private mutating func reasoning(until end: String, isBegun: Bool) -> ModelDelta?? {
        if !isBegun {
            held = String(held.drop(while: \.isNewline))
            guard !held.isEmpty else { return nil }
            state = .reasoning(end: end, isBegun: true)
        }
        if let range = held.firstRange(of: end) {
            let reasoning = String(held[..<range.lowerBound])
            held = String(held[range.upperBound...])
            state = .start
            isAfterReasoning = true
            return .some(reasoning.isEmpty ? nil : .reasoning(reasoning))
        }
        // The longest end of the text that begins the tag is held back.
        let keep = (1..<end.count).reversed().first { held.hasSuffix(end.prefix($0)) } ?? 0
        guard held.count > keep else { return nil }
        let cut = held.index(held.endIndex, offsetBy: -keep)
        let reasoning = String(held[..<cut])
        held = String(held[cut...])
        return .some(.reasoning(reasoning))
    }

    /// The reasoning and the text of a whole answer.
    static func split(_ text: String) -> (reasoning: String?, text: String?) {
        var tags = ThinkTags()
        var parts = (reasoning: "", text: "")
        for delta in tags.feed(text) + tags.end() {
            switch delta {
            case .reasoning(let piece): parts.reasoning += piece
            case .text(let piece): parts.text += piece
            default: break
            }
        }
        return (parts.reasoning.isEmpty ? nil : parts.reasoning, parts.text.isEmpty ? nil : parts.text)
    }
}
