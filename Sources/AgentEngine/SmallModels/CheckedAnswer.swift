import ModelProviders

/// Lets an answer of a small model through as it comes, without what it must not say.
///
/// An answer from memory is held until it is complete, and replaced where it says something else than the memory. All
/// others go on sentence by sentence, without those that claim an act that was not done, and those that were said a moment
/// ago. The pieces in which the text comes change nothing.
struct CheckedAnswer: Sendable {
    private let expectation: AnswerExpectation
    /// The acts that this turn has done.
    private let acts: Set<ActClaim.Act>
    /// Sentences that the agent has said a moment ago, plainly.
    private var known: Set<String>
    /// What the user says in this turn, plainly: such a model likes to say it after them.
    private let echoes: Set<String>
    /// What an answer may have numbers from.
    private let grounds: String
    private var cutter = SentenceCutter()
    private var whole = ""
    private var hasPassed = false
    /// What separates the last sentence that was shown from the next one.
    private var space = ""

    /// Shorter sentences may be repeated: `Of course!`
    private static let leastWords = 4
    /// `Good night!` may be said back.
    private static let leastEchoed = 3
    private static let notKnown = [
        "don't know", "do not know", "not know", "don't have", "do not have", "no information", "haven't told",
        "have not told",
        "not sure", "unable to", "can't tell", "cannot tell", "can't predict", "cannot predict", "can't know",
        "cannot know",
        "couldn't find", "no record", "not mentioned", "nothing on", "nothing about", "haven't mentioned",
        "not been told",
    ]
    private static let notPossible = [
        "can't", "cannot", "can not", "unable", "not able", "don't have", "do not have", "no tool", "not possible",
        "couldn't",
    ]

    init(_ plan: SmallModelPlan, acts: Set<ActClaim.Act>) {
        // What a tool found is in neither memory nor rules.
        expectation = acts.contains(.outside) ? plan.expectation.asTalk : plan.expectation
        self.acts = acts
        known = Set(plan.earlierAnswers.flatMap { EnglishSentence.all(in: $0) }.map(Self.plain))
        echoes = Set(EnglishSentence.all(in: plan.userText).map(Self.plain))
        grounds = ([plan.userText] + plan.blocks.map(\.value) + plan.recalled.passages + plan.recalled.messages)
            .joined(separator: "\n")
    }

    /// What can be shown of the answer with this piece.
    mutating func add(_ piece: String) -> String {
        guard case .talk = expectation.kind else {
            whole += piece
            return ""
        }
        return cutter.add(piece).reduce(into: "") { $0 += passed($1) }
    }

    /// The rest of the answer, now that it is complete.
    mutating func finish() -> String {
        if case .talk = expectation.kind {
            let rest = passed(cutter.rest)
            if !rest.isEmpty || hasPassed { return rest }
            return expectation.own
        }
        guard let answer = AnswerExpectation.withoutHint(whole), isRight(answer) else { return expectation.own }
        return GrammaticalPerson.addressed(answer)
    }

    /// The text of a complete answer as it was, or would have been, let through in pieces.
    func text(of answer: ModelAnswer) -> String? {
        var copy = self
        let shown = copy.add(answer.text ?? "")
        guard answer.toolCalls.isEmpty else { return shown.isEmpty ? nil : shown }
        return shown + copy.finish()
    }

    // MARK: Sentences

    private mutating func passed(_ piece: String) -> String {
        guard let own = AnswerExpectation.withoutHint(piece) else { return "" }
        let sentence = EnglishSentence(own)
        if !acts.contains(.outside), !ActClaim.acts(in: sentence).isSubset(of: acts) { return "" }
        if sentence.words.count >= Self.leastEchoed, echoes.contains(Self.plain(sentence)) { return "" }
        if sentence.words.count >= Self.leastWords, !known.insert(Self.plain(sentence)).inserted { return "" }
        let text = space + sentence.text
        space = String(piece.reversed().prefix { $0.isWhitespace }.reversed())
        hasPassed = true
        return text
    }

    private static func plain(_ sentence: EnglishSentence) -> String { sentence.words.joined(separator: " ") }

    // MARK: Answers from memory

    private func isRight(_ answer: String) -> Bool {
        let said = EnglishSentence(answer)
        let isClaim = EnglishSentence.all(in: answer).contains { !ActClaim.acts(in: $0).isEmpty }
        guard !isClaim, !said.words.isEmpty, !isRepetitive(answer) else { return false }
        switch expectation.kind {
        case .talk: return true
        case .facts(let facts):
            return isGrounded(answer) && !said.contains(anyOf: Self.notKnown) && !speaksAsTheUser(said, facts)
                && facts.prefix(2).contains { holds($0, said) }
        case .all(let items): return items.allSatisfy { answer.lowercased().contains($0.lowercased()) }
        case .unknown: return said.contains(anyOf: Self.notKnown) && isGrounded(answer) && said.words.count <= 40
        case .impossible: return said.contains(anyOf: Self.notPossible) && said.words.count <= 40
        }
    }

    /// `My name is Ann`, of a user who is called Ann.
    private func speaksAsTheUser(_ said: EnglishSentence, _ facts: [KnownFacts.Fact]) -> Bool {
        facts.first?.text.lowercased().contains("the user") == true
            && said.words.contains { ["i", "i'm", "my", "me"].contains($0) }
    }

    /// Says something twice, or what was said a moment ago, so that it is better said in other words.
    private func isRepetitive(_ answer: String) -> Bool {
        let sentences = EnglishSentence.all(in: answer).filter { $0.words.count >= Self.leastWords }.map(Self.plain)
        return Set(sentences).count < sentences.count || sentences.contains(where: known.contains)
    }

    /// Whether all numbers in it come from somewhere.
    private func isGrounded(_ answer: String) -> Bool {
        EnglishSentence(answer).words.filter { $0.contains(where: \.isNumber) }.allSatisfy { number in
            grounds.lowercased().contains(number)
        }
    }

    /// Whether an answer has what the fact says beyond the question: its names and numbers, else one of its words.
    private func holds(_ fact: KnownFacts.Fact, _ answer: EnglishSentence) -> Bool {
        let asked = Set(expectation.sentence.words).union(["the", "my", "i", "user", "you", "a", "an"])
        let words = fact.text.split(whereSeparator: \.isWhitespace).map {
            $0[...].trimming { !$0.isLetter && !$0.isNumber }
        }
        let values = words.enumerated().filter { place, word in
            let isMarked = word.contains(where: \.isNumber) || place > 0 && word.first?.isUppercase == true
            return isMarked && !asked.contains(word.lowercased())
        }.map { $0.element.lowercased() }
        let said = Set(answer.words)
        if !values.isEmpty { return values.count { said.contains($0) } * 2 >= values.count }
        let stems = EnglishStems.stems(in: fact.text).subtracting(EnglishStems.stems(in: expectation.sentence.text))
        return stems.isEmpty || !stems.isDisjoint(with: EnglishStems.stems(in: answer.text))
    }
}
