/// Puts what was said later, and says that something is not as it was, before what it replaces.
///
/// Whether a fact replaces another one can't be known from texts. It is taken for that when it has enough of the words for
/// which the older one was found, and a word with which people say that something changed; or when it resembles the older one
/// in its meaning.
struct ChangedFacts<Key: Hashable & Sendable> {
    /// Of the weights of the older one's words, those that the newer one must have.
    private static var leastShared: Double { 0.4 }
    /// The candidates, from the first, before which newer ones are put.
    private static var mostPlaces: Int { 20 }

    /// Of the terms of the query.
    let weights: [Double]
    /// How often a text has each of the terms.
    let terms: (Key) -> [Double]
    let text: (Key) -> String
    /// Whether a newer text is about the same as an older one.
    let resembles: (_ old: Key, _ new: Key) -> Bool

    init(
        weights: [Double], terms: @escaping (Key) -> [Double], text: @escaping (Key) -> String,
        resembles: @escaping (_ old: Key, _ new: Key) -> Bool
    ) {
        self.weights = weights
        self.terms = terms
        self.text = text
        self.resembles = resembles
    }

    func newestFirst(_ ranked: [RankedCandidate<Key>]) -> [RankedCandidate<Key>] {
        var ranked = ranked
        var isChange: [Key: Bool] = [:]
        for place in 0..<min(Self.mostPlaces, ranked.count) {
            let old = ranked[place].candidate
            let own = terms(old.key)
            let least = Self.leastShared * weight(of: own)
            let newer = ranked.indices.dropFirst(place + 1).first { index in
                let new = ranked[index].candidate
                guard new.time > old.time else { return false }
                if least > 0, weight(of: own, in: terms(new.key)) >= least {
                    let tells = isChange[new.key] ?? ChangeWords.isIn(text(new.key))
                    isChange[new.key] = tells
                    if tells { return true }
                }
                return resembles(old.key, new.key)
            }
            if let newer { ranked.insert(ranked.remove(at: newer), at: place) }
        }
        return ranked
    }

    /// The weight of the terms that a text has, and another one, too.
    private func weight(of terms: [Double], in other: [Double]? = nil) -> Double {
        let other = other ?? terms
        return zip(weights, zip(terms, other)).reduce(0) { sum, term in
            sum + (term.1.0 > 0 && term.1.1 > 0 ? term.0 : 0)
        }
    }
}

/// The words with which people say that something changed. Of English alone.
private enum ChangeWords {
    private static let stems = Set(
        """
        actually again anymore cancelled changed corrected decision finally instead longer moved new now plan rebooked \
        replaced stopped swapped switched today twist update
        """.split(separator: " ").map { WordStem.stem(of: String($0)) })

    static func isIn(_ text: String) -> Bool {
        var isIn = false
        SearchWords.forEach(in: text) { word in
            isIn = stems.contains(word)
            return !isIn
        }
        return isIn
    }
}
