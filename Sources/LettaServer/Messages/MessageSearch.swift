import AgentEngine
import JSON
import LettaAPI
import Storage

/// A search of what was said, by the words of the question and of what was said next to it, and by its meaning.
struct MessageSearch: Sendable {
    var query: String
    var filter = MessageFilter()
    var limit: Int
    /// When the question is asked, and where: for the days that it names.
    var now: Timestamp
    var zone = "UTC"
    var mode = SearchMode.hybrid

    struct Found: Sendable {
        let row: MessageRow
        /// Nil for a message that was found by its time or as a part of a text.
        var signals: Signals?
    }

    /// Why a message was found.
    struct Signals: Sendable {
        let score: Double
        /// The score of its own words (BM25); 0 without a word of the query.
        let words: Double
        /// The cosine of its vector and that of the query; nil for one without a vector.
        let similarity: Double?
        /// What each signal adds to the score.
        let shares: (words: Double, neighbours: Double, meaning: Double, others: Double)
    }

    /// The messages that are scored for their words.
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
    ///
    /// - Parameter near: what meaning says; nil where words alone decide, in each mode.
    func run(_ near: NearMessages?, _ db: Transaction) throws -> [Found] {
        guard query.contains(where: { !$0.isWhitespace }) else {
            return try MessageSearchStore.newest(matching: filter, limit: limit, db).map { Found(row: $0) }
        }
        let words = SearchQuery(query)
        let byWords = near == nil || mode != .vector
        let hits =
            byWords
            ? try MessageSearchStore.hits(of: words, matching: filter, limit: Self.mostCandidates, db)
            : WordIndexStore.Hits()
        // Symbols, and parts of words.
        let parts =
            byWords && hits.hits.isEmpty
            ? try MessageSearchStore.containing(query, matching: filter, limit: limit, db) : []
        let ids = hits.hits.map(\.id) + (try MessageSearchStore.ids(of: near?.nearest ?? [:], db))
        guard !ids.isEmpty else { return parts.map { Found(row: $0) } }
        let ranked = try ranked(ids.withoutDuplicates, hits, words, near, db)
            .filter { found in !parts.contains { $0.id.rawValue == found.candidate.key } }
            .prefix(limit - parts.count)
        let signals = Dictionary(ranked.map { ($0.candidate.key, Signals($0)) }) { $1 }
        return try parts.map { Found(row: $0) }
            + MessageSearchStore.rows(ranked.map(\.candidate.key), db).map {
                Found(row: $0, signals: signals[$0.id.rawValue])
            }
    }

    // MARK: Ranking

    private typealias Said = MessageSearchStore.Said

    private func ranked(
        _ ids: [String], _ hits: WordIndexStore.Hits, _ words: SearchQuery, _ near: NearMessages?, _ db: Transaction
    ) throws -> [RankedCandidate<String>] {
        let said = try MessageSearchStore.surroundings(of: ids, matching: filter, db)
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
        let vectors = try near?.vectors(of: said, db) ?? [:]
        let similarities = near?.similarities(of: said, vectors) ?? [:]
        let found = Set(ids)
        var candidates: [SearchCandidate<String>] = []
        for thread in threads.values {
            for (index, message) in thread.enumerated() where message.isCovered {
                guard let own = counts[message.id] else { continue }
                let window = Self.window(around: index, in: thread, counts)
                guard own.distinct > 0 || window.distinct >= Self.leastBeside || found.contains(message.id) else {
                    continue
                }
                var candidate = SearchCandidate(message.id, at: message.time)
                candidate.words = score(own)
                candidate.window = score(window)
                candidate.similarity = similarities[message.id]
                if speakers.named(message) { candidate.bonus += Self.speakerBonus }
                if periods.contains(where: { $0.contains(message.time.microseconds) }) {
                    candidate.bonus += Self.dateBonus
                }
                candidates.append(candidate)
            }
        }
        guard mode != .vector || near == nil else {
            return SearchRanking.byMeaning.ranked(candidates.filter { $0.similarity != nil })
        }
        let subjects = SameSubject(
            Dictionary(
                said.map { message in
                    let text = SameSubject.Text(
                        text: message.text, isUser: message.role == .user, vector: vectors[message.id],
                        similarity: similarities[message.id])
                    return (message.id, text)
                }, uniquingKeysWith: { first, _ in first }))
        let facts = ChangedFacts<String>(
            weights: score.weights, terms: { [counts] in counts[$0]?.terms ?? [] }, text: { texts[$0] ?? "" },
            resembles: subjects.resembles)
        return facts.newestFirst(SearchRanking().ranked(Self.favouringNew(candidates)))
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

extension MessageSearch.Signals {
    fileprivate init(_ ranked: RankedCandidate<String>) {
        self.init(
            score: ranked.score, words: ranked.candidate.words, similarity: ranked.candidate.similarity,
            shares: (ranked.words, ranked.window, ranked.similarity, ranked.candidate.bonus))
    }
}

extension NearMessages {
    /// The vectors of messages by their ids.
    fileprivate func vectors(
        of messages: [MessageSearchStore.Said], _ db: Transaction
    ) throws -> [String: QuantizedVector] {
        var vectors: [String: QuantizedVector] = [:]
        for (agent, messages) in messages.grouped(\.agent) where queries[agent] != nil {
            let stored = try MessageVectorStore.vectors(
                of: ID(agent), at: messages.map(\.position).withoutDuplicates, db)
            for message in messages { vectors[message.id] = stored[message.position] }
        }
        return vectors
    }

    /// The similarities of messages to the query, by their ids.
    fileprivate func similarities(
        of messages: [MessageSearchStore.Said], _ vectors: [String: QuantizedVector]
    ) -> [String: Double] {
        var similarities: [String: Double] = [:]
        for message in messages {
            guard let query = queries[message.agent], let vector = vectors[message.id] else { continue }
            similarities[message.id] = vector.similarity(to: query)
        }
        return similarities
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
