/// What a text is about: its words without those that say nothing, reduced to stems, with words of one meaning made one.
///
/// The words are those of everyday questions: a question rarely repeats the verb of the answer.
enum EnglishStems {
    /// Of a sentence as it is asked or told.
    static func stems(in sentence: EnglishSentence) -> [String] {
        var words = sentence.words
        for (phrase, meaning) in phrases where sentence.contains(phrase) {
            let parts = phrase.split(separator: " ").map(String.init)
            if let place = words.firstRange(of: parts) { words.replaceSubrange(place, with: [meaning]) }
        }
        var stems = words.compactMap(stem)
        if isKindOfThing(sentence.words) { stems.append("kind") }
        return stems.withoutRepeats
    }

    static func stems(in text: String) -> Set<String> {
        Set(EnglishSentence.all(in: text).flatMap(stems))
    }

    /// Nil for a word that says nothing of what a text is about.
    static func stem(of word: String) -> String? {
        var word = word
        for ending in ["'s", "'", "'re", "'ve", "'ll", "'d", "'m"] where word.hasSuffix(ending) {
            word.removeLast(ending.count)
        }
        guard !word.isEmpty, !empty.contains(word) else { return nil }
        if let meaning = meanings[word] { return meaning }
        let reduced = reduced(word)
        return meanings[reduced] ?? reduced
    }

    /// Words that ask for a kind of answer: a fact need not have them.
    static let answerTypes: Set<String> = [
        "food", "drink", "city", "instrument", "language", "animal", "day", "date", "month", "year", "place", "person",
        "thing", "country", "sport", "colour", "man", "woman", "people", "open", "again",
    ]

    // MARK: Reducing

    private static func reduced(_ word: String) -> String {
        var stem = word
        if stem.hasSuffix("ies"), stem.count > 4 { return String(stem.dropLast(3)) + "y" }
        if stem.hasSuffix("s"), stem.count > 3, !["ss", "us", "is"].contains(where: stem.hasSuffix) {
            stem.removeLast()
        }
        for ending in ["ing", "ed"] where stem.hasSuffix(ending) && stem.count - ending.count >= 3 {
            stem.removeLast(ending.count)
            if let last = stem.last, stem.dropLast().last == last, !"lsz".contains(last) { stem.removeLast() }
            break
        }
        if stem.hasSuffix("e"), stem.count > 3 { stem.removeLast() }
        return stem
    }

    /// `Ann is a baker`, `He's a beagle`: what somebody is, as `works as` says it too.
    private static func isKindOfThing(_ words: [String]) -> Bool {
        for (word, next) in zip(words, words.dropFirst()) where next == "a" || next == "an" {
            if ["is", "am", "i'm", "isn't", "being"].contains(word) || word.hasSuffix("'s") || word == "as" {
                return true
            }
        }
        return false
    }

    private static let phrases = [
        ("for a living", "work"), ("work as", "work"), ("works as", "work"), ("can't stand", "hate"),
        ("don't like", "hate"), ("doesn't like", "hate"), ("reach me", "phone"), ("look like", "look"),
        ("weather like", "weather"),
    ]

    private static let meanings: [String: String] = {
        let groups = [
            ["live", "liv", "mov", "moved", "move", "home", "flat", "apartment", "resid", "house"],
            ["city", "town", "citi"],
            ["kind", "work", "job", "profession", "occupation", "career", "breed", "employ"],
            ["name", "nam", "call", "called", "named"], ["birthday", "born", "birth"],
            [
                "like", "lik", "love", "lov", "enjoy", "favourite", "favorite", "favourit", "favorit", "prefer", "best",
                "most",
            ],
            ["hate", "hat", "dislik", "detest"], ["allergy", "allergic", "allergi"],
            ["food", "dish", "meal", "eat", "ate"],
            ["car", "driv", "drive", "vehicl"], ["learn", "study", "lesson", "studi"], ["phone", "telephon", "mobil"],
            ["rent", "pay", "paid"], ["colour", "color"], ["dream", "dreamt"], ["read", "book"],
            ["wifi", "wlan", "wi-fi"],
            ["buy", "bought"], ["code", "pin"], ["boss", "manager", "supervisor"], ["todo", "to-do", "list", "task"],
        ]
        var meanings: [String: String] = [:]
        for group in groups { for word in group { meanings[word] = group[0] } }
        return meanings
    }()

    /// Articles, pronouns, prepositions, auxiliaries, and verbs that go with everything.
    private static let empty: Set<String> = Set(
        """
        a an the this that these those i you he she it we they me him her us them my your his its our their mine yours and or \
        but so if than then of in on at to from for with by about as into over under up down out off is am are was were be been \
        being do does did done have has had having will would can could should shall may might must not no yes what which who \
        whose whom where when why how there here please just also too now still again any more anymore some all user users \
        remember know tell said say told ask asked get got go goes going went put keep kept use used take took make made give \
        want need let's let actually really very much many lot oh well ok okay never ever because right don't doesn't didn't \
        isn't aren't wasn't can't couldn't won't wouldn't forget i'm i've i'll i'd it's that's what's he's she's we've they're \
        best-known something anything new last other another since ago currently moment these days week dear going called-for
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}

extension [String] {
    /// The first of each.
    fileprivate var withoutRepeats: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
