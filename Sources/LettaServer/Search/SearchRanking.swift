import LettaAPI

/// A text that may be what is searched for, with what speaks for it. Signals of different kinds need not have the same
/// scale.
struct SearchCandidate<Key: Hashable & Sendable>: Sendable {
    let key: Key
    /// Among equals the newest comes first.
    let time: Timestamp
    /// The score of its words (BM25); 0 without a word of the query.
    var words = 0.0
    /// The score of the words said in it and next to it.
    var window = 0.0
    /// The similarity to the query by meaning; nil when it is not known.
    var similarity: Double?
    /// What else speaks for or against it, on the scale of standard deviations.
    var bonus = 0.0

    init(_ key: Key, at time: Timestamp) {
        self.key = key
        self.time = time
    }
}

/// A candidate with its score, and the parts of which that is the sum.
struct RankedCandidate<Key: Hashable & Sendable>: Sendable {
    let candidate: SearchCandidate<Key>
    let words: Double
    let window: Double
    let similarity: Double

    var score: Double { words + window + similarity + candidate.bonus }
}

/// Orders candidates by the sum of their signals, each of which is normalised to mean 0 and standard deviation 1.
///
/// Sums keep how much better one candidate is than another. Rank fusion loses that, and finds less
/// (decision 29).
struct SearchRanking: Sendable {
    var wordWeight = 1.0
    var windowWeight = 0.4
    var similarityWeight = 1.0

    /// By similarity alone.
    static let byMeaning = SearchRanking(wordWeight: 0, windowWeight: 0, similarityWeight: 1)

    /// The best first, the newest among equals.
    func ranked<Key: Hashable & Sendable>(_ candidates: [SearchCandidate<Key>]) -> [RankedCandidate<Key>] {
        let words = Self.normalised(candidates.map(\.words))
        let windows = Self.normalised(candidates.map(\.window))
        let similarities = Self.normalised(similarities(of: candidates))
        let ranked = candidates.indices.map { index in
            RankedCandidate(
                candidate: candidates[index], words: wordWeight * words[index], window: windowWeight * windows[index],
                similarity: similarityWeight * similarities[index])
        }
        // By index last, so that the order is the same each time.
        return ranked.enumerated().sorted { left, right in
            (left.element.score.rounded(toPlaces: 9), left.element.candidate.time, right.offset)
                > (right.element.score.rounded(toPlaces: 9), right.element.candidate.time, left.offset)
        }.map(\.element)
    }

    /// A candidate whose similarity is not known is as similar as the others on average.
    private func similarities<Key>(of candidates: [SearchCandidate<Key>]) -> [Double] {
        let known = candidates.compactMap(\.similarity)
        let mean = known.reduce(0, +) / Double(max(1, known.count))
        return candidates.map { $0.similarity ?? mean }
    }

    /// Zeros when all values are equal.
    private static func normalised(_ values: [Double]) -> [Double] {
        guard !values.isEmpty else { return [] }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        let deviation = variance.squareRoot()
        // Sums of equal values may differ in their last digits.
        guard deviation > 1e-9 * max(1, abs(mean)) else { return values.map { _ in 0 } }
        return values.map { ($0 - mean) / deviation }
    }
}

extension Double {
    /// So that sums that differ by the order of their parts are equal.
    fileprivate func rounded(toPlaces places: Int) -> Double {
        let factor = (0..<places).reduce(1.0) { power, _ in power * 10 }
        return (self * factor).rounded() / factor
    }
}
