/// What a small model can answer from: the lines of its memory, and what was found for the question elsewhere.
struct KnownFacts: Sendable {
    struct Fact: Sendable, Hashable {
        enum Source: Int, Sendable { case block, archive, conversation }

        var text: String
        var source: Source
    }

    /// What is known about a question.
    enum Verdict: Sendable, Hashable {
        /// The best first.
        case known([Fact])
        /// Nothing, although only the memory could say it.
        case unknown
        /// The memory is not asked.
        case other
    }

    let people: KnownPeople
    private let facts: [Fact]

    private static let personaLabel = "persona"
    /// Of the weight of the question's words, how much a fact must have to be an answer.
    private static let leastCover = 0.4
    /// Facts this close to the best one are put before the model with it.
    private static let closeness = 0.7
    private static let mostFacts = 4

    init(blocks: [MemoryBlock], recalled: RecalledTexts = RecalledTexts()) {
        let lines = blocks.filter { $0.label != Self.personaLabel }.flatMap { block in
            BlockText.lines(of: block.saidOfTheUser).filter { !$0.trimmingSpaces.isEmpty }.flatMap(Self.facts)
        }
        people = KnownPeople(lines: lines)
        facts =
            lines.map { Fact(text: $0, source: .block) } + recalled.passages.map { Fact(text: $0, source: .archive) }
            + Self.standing(recalled.messages).map { Fact(text: $0, source: .conversation) }
    }

    private static let pronouns: Set<String> = [
        "he", "she", "it", "they", "he's", "she's", "it's", "his", "her", "its", "their",
    ]

    /// The sentences of a line, each with those behind it that need it to be understood.
    private static func facts(in line: String) -> [String] {
        EnglishSentence.all(in: line).reduce(into: []) { facts, sentence in
            if let last = facts.last, let first = sentence.words.first, pronouns.contains(first) {
                facts[facts.count - 1] = "\(last) \(sentence.text)"
            } else {
                facts.append(sentence.text)
            }
        }
    }

    /// What the user said, without questions and requests, and without what they wanted forgotten later.
    private static func standing(_ messages: [String]) -> [String] {
        let forgotten = messages.flatMap { EnglishSentence.all(in: $0).compactMap(MemoryRequest.isForgetting) }
        return messages.flatMap { message in
            EnglishSentence.all(in: message).filter { sentence in
                let stems = EnglishStems.stems(in: sentence.text)
                return !sentence.isQuestion && !Request.isImperative(sentence)
                    && MemoryRequest.isForgetting(sentence) == nil
                    && !forgotten.contains { $0.isSubset(of: stems) }
            }.map(\.text)
        }
    }

    func verdict(on question: EnglishSentence) -> Verdict {
        let subject = people.subject(of: question.text)
        let asked = people.canonical(Set(EnglishStems.stems(in: question))).subtracting(subject.map { [$0] } ?? [])
        let mayAnswer = facts.filter { people.subject(of: $0.text) == subject }
        let stems = mayAnswer.map { people.canonical(EnglishStems.stems(in: $0.text)) }
        let best = ranked(zip(mayAnswer, stems).map { ($0, $1) }, asked)
        if let most = best.first?.cover, most >= Self.leastCover {
            return .known(best.prefix { $0.cover >= most * Self.closeness }.prefix(Self.mostFacts).map(\.fact))
        }
        return MemoryQuestion.isPersonal(question, hasSubject: subject != nil) ? .unknown : .other
    }

    private func ranked(
        _ candidates: [(fact: Fact, stems: Set<String>)], _ asked: Set<String>
    ) -> [(fact: Fact, cover: Double)] {
        guard !asked.isEmpty else { return candidates.map { ($0.fact, 1) } }
        let count = Double(candidates.count + 10)
        var weights: [String: Double] = [:]
        for stem in asked {
            let uses = Double(candidates.count { $0.stems.contains(stem) })
            // A word that asks for a kind of answer is rarely in the answer.
            weights[stem] =
                uses == 0 && EnglishStems.answerTypes.contains(stem) ? 0.3 : Logarithm.of(1 + count / (uses + 0.5))
        }
        let whole = asked.reduce(0) { $0 + (weights[$1] ?? 0) }
        return candidates.enumerated().map { place, candidate in
            (
                place, candidate.fact,
                asked.intersection(candidate.stems).reduce(0) { $0 + (weights[$1] ?? 0) } / max(whole, 0.001)
            )
        }.filter { $0.2 > 0 }.sorted { one, other in
            // Of equals what is in a block, and of these the newest.
            (-one.2, one.1.source.rawValue, -one.0) < (-other.2, other.1.source.rawValue, -other.0)
        }.map { ($0.1, $0.2) }
    }
}

extension MemoryBlock {
    /// The value in the third person: `My name is Ann.` in the block on the user is said by the user.
    var saidOfTheUser: String {
        label == "human" ? GrammaticalPerson.note(value) : value
    }
}

/// What the server found for a question of a small model's user outside of the agent's blocks.
package struct RecalledTexts: Sendable, Hashable {
    /// Texts of archival memory, the best first.
    package var passages: [String] = []
    /// Messages of the user, the oldest first.
    package var messages: [String] = []

    package init() {}
}

/// Tells questions about the user's own life from all others.
enum MemoryQuestion {
    private static let possessive: Set<String> = ["my", "our", "mine", "i", "we", "am", "i've", "i'm"]
    private static let asking: Set<String> = [
        "who", "who's", "what", "what's", "which", "when", "when's", "where", "where's", "how", "do", "did", "can",
        "am", "tell", "whose",
    ]
    /// Of advice and help, which the memory does not hold.
    private static let advice = [
        "should i", "should we", "can i", "can we", "could i", "how do i", "how can i", "how do we", "how could",
        "best way", "way to",
        "what if", "do i need", "help me", "can you help", "could you help", "i ask", "could we", "would i", "may i",
        "what can",
    ]

    /// Whether only what the user has told can answer it.
    static func isPersonal(_ question: EnglishSentence, hasSubject: Bool) -> Bool {
        guard question.isQuestion || question.words.first == "tell", let first = question.words.first,
            asking.contains(first),
            !question.contains(anyOf: advice)
        else { return false }
        return hasSubject || question.words.contains(where: possessive.contains)
            || question.words.contains(where: KnownPeople.relations.contains)
    }

    /// Whether it asks for what has not happened.
    static func isAboutTheFuture(_ question: EnglishSentence) -> Bool {
        guard question.isQuestion, let first = question.words.first else { return false }
        return ["who", "what", "which", "when", "where", "how"].contains(first) && question.words.contains("will")
            && !question.words.contains("you")
    }

    /// Whether it asks who the agent is.
    static func isAboutTheAgent(_ question: EnglishSentence) -> Bool {
        question.isQuestion
            && question.contains(anyOf: [
                "your name", "who are you", "are you called", "you called", "call you", "introduce yourself",
            ]) && !question.contains(anyOf: ["my", "i"])
    }
}

/// The natural logarithm, as far as weights need it.
enum Logarithm {
    /// - Parameter value: at least 1.
    static func of(_ value: Double) -> Double {
        let exponent = Double(value.exponent)
        // In [1, 2): the series of artanh converges fast.
        let ratio = (value.significand - 1) / (value.significand + 1)
        let square = ratio * ratio
        return exponent * 0.693147180559945 + 2 * ratio * (1 + square * (1 / 3 + square * (1 / 5 + square / 7)))
    }
}
