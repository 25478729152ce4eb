/// The input of a turn with a small model beyond its tools.
///
/// Such a model answers well from a short prompt with its memory in plain sentences, and badly from a long one with
/// tools. So the server does what a larger model does by tools: it recognizes requests to remember in the user's words,
/// has the model write the note with constrained output, and puts the memory into the prompt.
package struct SmallModelPlan: Sendable, Hashable {
    /// The user's text in this turn.
    package var userText: String
    /// The agent's memory as the turn begins.
    package var blocks: [MemoryBlock]

    package init(userText: String, blocks: [MemoryBlock]) {
        self.userText = userText
        self.blocks = blocks
    }

    /// The blocks that a note may go to.
    var noteLabels: [String] { blocks.filter { !$0.readOnly }.map(\.label) }

    /// The tools that are not offered, because the server does their work.
    static let ownWork: Set<String> = MemoryTools.names.union([
        "conversation_search", "archival_memory_insert", "archival_memory_search",
    ])
}

/// Recognizes whether a user asks to remember something.
enum RememberRequest {
    /// In lower case; a space matches any run of spaces.
    private static let phrases = [
        "remember", "don't forget", "do not forget", "keep in mind", "make a note", "take a note", "note that",
        "note down", "write down", "write this down", "save this", "save that", "please save", "store this",
        "store that", "please store", "memorize", "memorise", "my name is", "call me",
    ]

    /// Whether one of the sentences, except questions, asks so in English.
    static func isMade(in text: String) -> Bool {
        let lowered = text.lowercased().replacing("’", with: "'")
        var sentence: [Substring] = []
        for word in lowered.split(whereSeparator: \.isWhitespace) {
            sentence.append(word)
            guard let end = word.last, end == "." || end == "!" || end == "?" || end == ";" else { continue }
            if end != "?", asks(sentence) { return true }
            sentence = []
        }
        return asks(sentence)
    }

    private static func asks(_ sentence: [Substring]) -> Bool {
        let words = sentence.map { $0.trimming { !$0.isLetter && $0 != "'" } }
        let text = " \(words.joined(separator: " ")) "
        return phrases.contains { text.contains(" \($0) ") }
    }
}

extension Substring {
    /// Trims the characters that `isLeftOut` accepts at both ends.
    fileprivate func trimming(_ isLeftOut: (Character) -> Bool) -> Substring {
        var rest = drop(while: isLeftOut)
        while let last = rest.last, isLeftOut(last) { rest.removeLast() }
        return rest
    }
}
