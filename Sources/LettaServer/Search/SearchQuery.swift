import Glibc

/// The words of a question that texts are searched for.
struct SearchQuery: Sendable {
    /// The maximum number of words; the others are ignored.
    private static let mostTerms = 32

    /// Distinct and in order. Words that say nothing, such as `the`, only when there are no others.
    let terms: [String]
    private let places: [String: Int]
    /// The terms that words with typos stand for.
    private let misspelt: [String: Int]

    init(_ text: String) {
        var seen: Set<String> = []
        var words: [String] = []
        SearchWords.forEach(in: text) { word in
            if seen.insert(word).inserted { words.append(word) }
            return words.count < Self.mostTerms * 4
        }
        // Two characters of a script without spaces say more than each of them.
        let pairs = words.filter(\.isPair)
        let halves = Set(pairs.flatMap { $0.unicodeScalars.map { String($0) } })
        words.removeAll { halves.contains($0) }
        let telling = words.filter { !Self.stopWords.contains($0) }
        terms = Array((telling.isEmpty ? words : telling).prefix(Self.mostTerms))
        let places = Dictionary(uniqueKeysWithValues: terms.enumerated().map { ($1, $0) })
        let others = terms.enumerated().flatMap { place, term in
            Self.misspellings(of: term).filter { places[$0] == nil }.map { ($0, place) }
        }
        self.places = places
        misspelt = Dictionary(others) { first, _ in first }
    }

    /// What becomes of a word of five and more Latin letters when one of them is left out, typed twice, or swapped with the
    /// next one.
    static func misspellings(of term: String) -> [String] {
        let letters = Array(term.utf8)
        guard letters.count >= 5, letters.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) else {
            return []
        }
        let all = letters.indices.flatMap { place -> [[UInt8]] in
            var (short, long, swapped) = (letters, letters, letters)
            short.remove(at: place)
            long.insert(letters[place], at: place)
            if place + 1 < letters.count { swapped.swapAt(place, place + 1) }
            return [short, long, swapped]
        }
        return Set(all.filter { $0 != letters }.map { String(decoding: $0, as: UTF8.self) }).sorted()
    }

    /// How often a text has each of the terms.
    func counts(in text: String) -> TermCounts {
        var counts = TermCounts(terms: terms.count)
        SearchWords.forEach(in: text) { word in
            counts.length += 1
            if let place = places[word] {
                counts.terms[place] += 1
            } else if let place = misspelt[word] {
                counts.terms[place] += TermCounts.misspelt
            }
            return true
        }
        return counts
    }

    /// The words of a text that say something.
    static func telling(in text: String) -> Set<String> {
        Set(SearchWords.indexed(in: text)).subtracting(stopWords)
    }

    /// As the index has them.
    private static let stopWords = Set(
        """
        a about again all also am an and any are as at be because been before being but by can could d did do does doing \
        for from had has have having he her here hers him his how i if in into is it its just ll m me more most my no nor \
        not of on once only or other our out over own re s same she should so some such t than that the their them then \
        there these they this those through to too up us ve very was we were what when where which while who whom why \
        with would you your
        """.split(separator: " ").map { WordStem.stem(of: String($0)) })
}

extension String {
    /// Whether the word is two neighbouring characters of a script without spaces.
    fileprivate var isPair: Bool {
        let scalars = unicodeScalars
        return scalars.count == 2 && scalars.allSatisfy(\.isUnspaced)
    }
}

/// How often a text has each term of a query, and how many words it has.
struct TermCounts: Sendable, Hashable {
    /// What a word with a typo counts: it may be another word.
    static let misspelt = 0.4

    var terms: [Double]
    var length = 0

    init(terms count: Int) {
        terms = Array(repeating: 0, count: count)
    }

    /// The number of different terms.
    var distinct: Int { terms.count { $0 > 0 } }

    /// Counts terms that the index found, beyond the part of the text that was read.
    mutating func include(_ found: [Int]) {
        for index in found where terms[index] == 0 { terms[index] = Self.misspelt }
    }

    static func += (left: inout TermCounts, right: TermCounts) {
        for index in left.terms.indices { left.terms[index] += right.terms[index] }
        left.length += right.length
    }
}

/// Scores texts by Okapi BM25: rare words count more than frequent ones, and each occurrence less than the one before.
///
/// Texts up to ``plainLength`` are no better for being short: in chats and facts that found less, and what is newer would
/// not come first among equals. In longer ones a word counts less.
struct TextScore: Sendable {
    private static let saturation = 1.2
    private static let lengthShare = 0.75
    /// In words.
    private static let plainLength = 100.0

    /// The weight of each term.
    let weights: [Double]

    /// - Parameters:
    ///   - matches: the number of texts that have each of the terms.
    ///   - texts: the number of texts that are searched.
    init(matches: [Int], texts: Int) {
        weights = matches.map { matches in
            // A count that is too small must not make a weight negative.
            let texts = Double(max(texts, matches))
            return log(1 + (texts - Double(matches) + 0.5) / (Double(matches) + 0.5))
        }
    }

    func callAsFunction(_ counts: TermCounts) -> Double {
        let length = max(1, Double(counts.length) / Self.plainLength)
        let damping = Self.saturation * (1 - Self.lengthShare + Self.lengthShare * length)
        return zip(weights, counts.terms).reduce(0) { score, term in
            score + term.0 * term.1 * (Self.saturation + 1) / (term.1 + damping)
        }
    }
}
