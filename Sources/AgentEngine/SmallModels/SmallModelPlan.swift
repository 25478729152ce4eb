/// What a turn with a small model needs to know beyond its tools.
///
/// Such a model answers well from a short prompt that says what it knows in plain sentences, and badly from a long one
/// with tools. So the server does for it what a larger model does by tools: it sees in the user's words that something
/// has to be remembered, has the model write the note in a forced form, and puts what is remembered into the prompt.
package struct SmallModelPlan: Sendable, Hashable {
    /// What the user says in this turn.
    package var userText: String
    /// The agent's memory as the turn begins.
    package var blocks: [MemoryBlock]

    package init(userText: String, blocks: [MemoryBlock]) {
        self.userText = userText
        self.blocks = blocks
    }

    /// The blocks a note may go to.
    var noteLabels: [String] { blocks.filter { !$0.readOnly }.map(\.label) }

    /// The tools that are not offered, because the server does their work.
    static let ownWork: Set<String> = MemoryTools.names.union([
        "conversation_search", "archival_memory_insert", "archival_memory_search",
    ])
}

/// Sees whether a user asks to remember something.
enum RememberRequest {
    /// In lower case; spaces match any run of them.
    private static let phrases = [
        "remember", "don't forget", "do not forget", "keep in mind", "make a note", "take a note", "note that",
        "note down", "write down", "write this down", "save this", "save that", "please save", "store this",
        "store that", "please store", "memorize", "memorise", "my name is", "call me",
    ]

    /// Whether one of the sentences, questions excepted, asks so in English.
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
    /// Without the characters at both ends that `isLeftOut` names.
    fileprivate func trimming(_ isLeftOut: (Character) -> Bool) -> Substring {
        var rest = drop(while: isLeftOut)
        while let last = rest.last, isLeftOut(last) { rest.removeLast() }
        return rest
    }
}
