import LettaAPI
import Testing

@testable import LettaServer

/// How candidates are ordered.
@Suite struct SearchRankingTests {
    private func candidate(
        _ key: String, words: Double, window: Double = 0, similarity: Double? = nil, at time: Int64 = 0
    ) -> SearchCandidate<String> {
        var candidate = SearchCandidate(key, at: Timestamp(microseconds: time))
        candidate.words = words
        candidate.window = window
        candidate.similarity = similarity
        return candidate
    }

    private func order(_ candidates: [SearchCandidate<String>]) -> String {
        SearchRanking().ranked(candidates).map(\.candidate.key).joined()
    }

    @Test func `signals of different scales are summed`() {
        #expect(order([]) == "")
        #expect(order([candidate("a", words: 1)]) == "a")
        #expect(order([candidate("a", words: 1), candidate("b", words: 2), candidate("c", words: 0)]) == "bac")
        let mixed = [
            candidate("a", words: 8, similarity: 0.30), candidate("b", words: 7.9, similarity: 0.90),
            candidate("c", words: 0, similarity: 0.31), candidate("d", words: 0),
        ]
        #expect(order(mixed) == "badc", "whose similarity is not known is not taken for unlike")
        let scores = SearchRanking().ranked(mixed)
        for ranked in scores {
            #expect(ranked.score == ranked.words + ranked.window + ranked.similarity + ranked.candidate.bonus)
        }
    }

    @Test func `the newest comes first among equals`() {
        let equal = (0..<4).map { candidate("\($0)", words: 3, similarity: 0.5, at: Int64($0)) }
        #expect(order(equal) == "3210")
        #expect(order(equal.reversed()) == "3210")
    }

    @Test func `rare words count more, repetitions less, and words of very long texts less`() {
        let query = SearchQuery("apples zebra")
        let score = TextScore(matches: [50, 1], texts: 100)
        func value(_ text: String) -> Double { score(query.counts(in: text)) }
        #expect(value("one zebra only") > value("one apple only"))
        #expect(value("apple apple only") > value("one apple only"))
        #expect(value("apple apple only") < 2 * value("one apple only"))
        #expect(value("an apple") == value("an apple in a text that goes on and on about much else"))
        #expect(value("an apple") > value("an apple " + String(repeating: "and much else ", count: 100)))
        #expect(value("nothing of it") == 0)
        #expect(TextScore(matches: [9], texts: 3)(query.counts(in: "apple")) > 0)
    }

    @Test func `what replaces something comes before it`() {
        let texts = [
            "My locker is number 212", "I got a new locker, 87", "The locker room is cold", "What a day",
        ]
        let query = SearchQuery("number of my locker")
        let score = TextScore(matches: [1, 3], texts: 50)
        let candidates = texts.indices.map { index in
            candidate("\(index)", words: score(query.counts(in: texts[index])), at: Int64(index))
        }
        let ranked = SearchRanking().ranked(candidates)
        #expect(ranked.first?.candidate.key == "0")
        let facts = ChangedFacts<String>(weights: score.weights) { key in
            query.counts(in: texts[Int(key) ?? 0]).terms
        } text: {
            texts[Int($0) ?? 0]
        } resembles: { _, _ in
            false
        }
        let order = facts.newestFirst(ranked).map(\.candidate.key)
        #expect(order.prefix(2) == ["1", "0"])
        #expect(Set(order).count == 4)
        #expect(facts.newestFirst([]).isEmpty)
    }

    @Test func `what is like an older text comes before it, without a word of change`() {
        let candidates = ["old", "other", "new"].enumerated().map { index, key in
            candidate(key, words: Double(3 - index), at: Int64(index))
        }
        let facts = ChangedFacts<String>(weights: [1]) { _ in
            [0]
        } text: { _ in
            ""
        } resembles: {
            ($0, $1) == ("old", "new")
        }
        let order = facts.newestFirst(SearchRanking().ranked(candidates)).map(\.candidate.key)
        #expect(order == ["new", "old", "other"])
    }

    static let now = Timestamp(iso8601: "2026-11-18T20:00:00Z") ?? Timestamp(microseconds: 0)
    static let periods: [(String, String?, String)] = [
        ("what did I say yesterday?", "2026-11-17", "2026-11-18"), ("today", "2026-11-18", "2026-11-19"),
        ("last week", "2026-11-09", "2026-11-16"), ("this week", "2026-11-16", "2026-11-23"),
        ("last month", "2026-10-01", "2026-11-01"), ("last year", "2025-01-01", "2026-01-01"),
        ("in May", "2026-05-01", "2026-06-01"), ("in December", "2025-12-01", "2026-01-01"),
        ("in May 2024", "2024-05-01", "2024-06-01"), ("on 3 May", "2026-05-03", "2026-05-04"),
        ("May 3rd, 2025", "2025-05-03", "2025-05-04"), ("last spring", "2026-03-01", "2026-06-01"),
        ("winter 2025", "2024-12-01", "2025-03-01"), ("on Monday", "2026-11-16", "2026-11-17"),
        ("on 2026-02-28", "2026-02-28", "2026-03-01"), ("since 2025", "2025-01-01", "2026-01-01"),
        ("2025-12", "2025-12-01", "2026-01-01"), ("may I march?", nil, ""), ("30 February", nil, ""),
        ("room 2024", nil, ""), ("99999999999999999999-99-99 of 32 may", nil, ""), ("", nil, ""),
    ]

    @Test(arguments: periods) func `days are named in questions`(_ text: String, _ first: String?, _ end: String) {
        let found = NamedPeriods.periods(in: text, at: Self.now, zone: "UTC")
        let start = first.flatMap { Timestamp(iso8601: $0)?.microseconds }
        #expect(found.first?.lowerBound == start)
        #expect(found.first?.upperBound == (start == nil ? nil : Timestamp(iso8601: end)?.microseconds))
        let far = NamedPeriods.periods(in: text, at: Self.now, zone: "Asia/Kolkata")
        #expect(far.count == found.count)
    }

    @Test func `a day is the agent's day`() {
        // It is the 19th in Kolkata already.
        let found = NamedPeriods.periods(in: "today", at: Self.now, zone: "Asia/Kolkata")
        #expect(found.first?.lowerBound == Timestamp(iso8601: "2026-11-18T18:30:00Z")?.microseconds)
    }
}
