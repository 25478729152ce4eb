import AgentEngine
import JSON
import LettaAPI
import Storage

/// A search of what was said, by the words of the question and of what was said next to it.
struct MessageSearch: Sendable {
    var query: String
    var filter = MessageFilter()
    var limit: Int
    /// When the question is asked, and where: for the days that it names.
    var now: Timestamp
    var zone = "UTC"

    struct Found: Sendable {
        let row: MessageRow
        /// Nil for a message that was found by its time or as a part of a text.
        let score: Double?
    }

    /// The messages that are scored.
    private static let mostCandidates = 60
    /// What is said this many turns away belongs to a message.
    private static let neighbours = 2
    /// Of the question's words, those that must be said next to a message that has none of them.
    private static let leastBeside = 2

    private static let speakerBonus = 0.6
    private static let dateBonus = 0.6
    /// For the newest candidate; the oldest has none. What was said later may replace what was said before.
    private static let newestBonus = 0.3

    /// The best first, the newest among equals. Without a question: the newest first.
    func run(_ db: Transaction) throws -> [Found] {
        guard query.contains(where: { !$0.isWhitespace }) else {
            return try MessageSearchStore.newest(matching: filter, limit: limit, db).map { Found(row: $0, score: nil) }
        }
        let words = SearchQuery(query)
        let hits = try MessageSearchStore.hits(of: words, matching: filter, limit: Self.mostCandidates, db)
        guard !hits.hits.isEmpty else {
            // Symbols, and parts of words.
            return try MessageSearchStore.containing(query, matching: filter, limit: limit, db).map {
                Found(row: $0, score: nil)
            }
        }
        let ranked = try ranked(hits, words, db).prefix(limit)
        let scores = Dictionary(ranked.map { ($0.candidate.key, $0.score) }) { $1 }
        return try MessageSearchStore.rows(ranked.map(\.candidate.key), db).map {
            Found(row: $0, score: scores[$0.id.rawValue])
        }
    }

    // MARK: Ranking

    private typealias Said = MessageSearchStore.Said

    private func ranked(
        _ hits: WordIndexStore.Hits, _ words: SearchQuery, _ db: Transaction
    ) throws -> [RankedCandidate<String>] {
        let said = try MessageSearchStore.surroundings(of: hits.hits.map(\.id), matching: filter, db)
        let threads = Dictionary(said.map { ($0.id, $0) }) { first, _ in first }.values
            .grouped { [$0.agent, $0.conversation ?? ""] }
            .mapValues { $0.sorted { $0.position < $1.position } }
        let texts = Dictionary(said.map { ($0.id, $0.text) }) { $1 }
        var counts = texts.mapValues { words.counts(in: $0) }
        for hit in hits.hits { counts[hit.id]?.include(hit.terms) }
        let score = TextScore(matches: hits.matches, texts: hits.texts)
        let names = try MessageSearchStore.names(of: Set(said.map(\.agent)), db)
        let speakers = Speakers(query: query, agents: names)
        let periods = NamedPeriods.periods(in: query, at: now, zone: zone)
        var candidates: [SearchCandidate<String>] = []
        for thread in threads.values {
            for (index, message) in thread.enumerated() where message.isCovered {
                guard let own = counts[message.id] else { continue }
                let window = Self.window(around: index, in: thread, counts)
                guard own.distinct > 0 || window.distinct >= Self.leastBeside else { continue }
                var candidate = SearchCandidate(message.id, at: message.time)
                candidate.words = score(own)
                candidate.window = score(window)
                if speakers.named(message) { candidate.bonus += Self.speakerBonus }
                if periods.contains(where: { $0.contains(message.time.microseconds) }) {
                    candidate.bonus += Self.dateBonus
                }
                candidates.append(candidate)
            }
        }
        let facts = ChangedFacts<String>(
            weights: score.weights, terms: { [counts] in counts[$0]?.terms ?? [] }, text: { texts[$0] ?? "" })
        return facts.newestFirst(SearchRanking().ranked(Self.favouringNew(candidates)), limit: limit)
    }

    /// The words said in the message and its neighbours. Those further away in the history than the index looked are
    /// no neighbours.
    private static func window(
        around index: Int, in thread: [Said], _ counts: [String: TermCounts]
    ) -> TermCounts {
        let range = max(0, index - neighbours)...min(thread.count - 1, index + neighbours)
        let near = thread[range].filter { abs($0.position - thread[index].position) <= MessageSearchStore.reach }
        return near.reduce(into: TermCounts(terms: counts[thread[index].id]?.terms.count ?? 0)) { window, message in
            if let own = counts[message.id] { window += own }
        }
    }

    private static func favouringNew(_ candidates: [SearchCandidate<String>]) -> [SearchCandidate<String>] {
        let ordered = candidates.sorted { ($0.time, $0.key) < ($1.time, $1.key) }
        let last = Double(max(1, ordered.count - 1))
        return ordered.enumerated().map { place, candidate in
            var candidate = candidate
            candidate.bonus += newestBonus * Double(place) / last
            return candidate
        }
    }
}

/// Who says what, if a question names somebody.
private struct Speakers {
    private let query: Set<String>
    private let agents: Set<String>

    /// - Parameter agents: the names of agents by their ids.
    init(query: String, agents: [String: String]) {
        let words = Set(SearchWords.indexed(in: query))
        self.query = words
        self.agents = Set(agents.filter { Self.isNamed($0.value, in: words) }.keys)
    }

    func named(_ message: MessageSearchStore.Said) -> Bool {
        if message.role == .assistant { return agents.contains(message.agent) }
        guard let name = message.name ?? prefix(of: message.text) else { return false }
        return Self.isNamed(name, in: query)
    }

    private static func isNamed(_ name: String, in query: Set<String>) -> Bool {
        let words = SearchWords.indexed(in: name)
        return !words.isEmpty && words.allSatisfy { query.contains($0) }
    }

    /// `Ann` for `Ann: I'm here`, as groups pass on what their members say.
    private func prefix(of text: String) -> String? {
        guard let colon = text.prefix(40).firstIndex(of: ":") else { return nil }
        let name = text[..<colon]
        return name.first?.isUppercase == true && name.split(separator: " ").count <= 3 ? String(name) : nil
    }
}

extension Sequence {
    fileprivate func grouped<Key: Hashable>(_ key: (Element) -> Key) -> [Key: [Element]] {
        Dictionary(grouping: self, by: key)
    }
}
