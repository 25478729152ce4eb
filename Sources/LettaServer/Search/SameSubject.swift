/// Whether a later message is about the same as an earlier one, told from their vectors, and from words that both have.
///
/// The limits were chosen with the evaluation's conversations (docs/search.md), with the vectors of a small model.
final class SameSubject {
    struct Text {
        let text: String
        let isUser: Bool
        let vector: QuantizedVector?
        /// To the question.
        let similarity: Double?
    }

    private static let leastAlike = 0.4
    /// With a word that both have.
    private static let leastAlikeWithWord = 0.25
    /// The newer one is about the question, too: of the older one's similarity to it.
    private static let leastAsked = 0.3

    private let texts: [String: Text]
    private var words: [String: Set<String>] = [:]

    init(_ texts: [String: Text]) {
        self.texts = texts
    }

    /// An answer is not taken for what replaces a question: both are of users, or both of agents.
    func resembles(_ old: String, _ new: String) -> Bool {
        guard let older = texts[old], let newer = texts[new], older.isUser == newer.isUser,
            let asked = older.similarity, let askedNow = newer.similarity, askedNow >= Self.leastAsked * asked,
            let vector = newer.vector, let alike = older.vector?.similarity(to: vector)
        else { return false }
        if alike >= Self.leastAlike { return true }
        return alike >= Self.leastAlikeWithWord
            && !telling(old, older.text).isDisjoint(with: telling(new, newer.text))
    }

    private func telling(_ key: String, _ text: String) -> Set<String> {
        if let known = words[key] { return known }
        let found = SearchQuery.telling(in: text)
        words[key] = found
        return found
    }
}
