/// Recognizes a sentence in which an agent claims or promises to have done something.
enum ActClaim {
    enum Act: Sendable, Hashable {
        /// To write into the memory, or to delete from it.
        case memory
        /// Anything in the world.
        case outside
    }

    /// What a sentence claims.
    static func acts(in sentence: EnglishSentence) -> Set<Act> {
        guard let first = act(in: sentence.words), !sentence.isQuestion, !sentence.contains(anyOf: conditions),
            !sentence.words.contains(where: isNegating)
        else { return [] }
        // `I have added it and sent it.`
        let others = zip(sentence.words, sentence.words.dropFirst()).compactMap { $0 == "and" ? passive($1) : nil }
        return Set([first] + others)
    }

    private static func act(in words: [String]) -> Act? {
        if let first = words.first, words.count <= 4, let act = bare(first) { return act }
        for (place, word) in words.enumerated() {
            if speakers.contains(word), let verb = verb(after: place, in: words) {
                if word == "i" || word == "i've" || word == "i'll" || word == "i'm", let act = active(verb) {
                    return act
                }
                if promises(words, place), verb == "remember" { return .memory }
            }
            if auxiliaries.contains(word) || word.hasSuffix("'s"), let verb = verb(after: place, in: words),
                let act = passive(verb), !["on", "off"].contains(verb) || words.last == verb
            {
                return act
            }
        }
        return nil
    }

    private static func promises(_ words: [String], _ place: Int) -> Bool {
        words[place] == "i'll" || words[place] == "i" && words.dropFirst(place + 1).first == "will"
    }

    private static func isNegating(_ word: String) -> Bool {
        word.hasSuffix("n't") || ["cannot", "not", "never", "unable", "no", "without", "can"].contains(word)
    }

    private static let conditions = [
        "if you", "would you", "do you", "shall i", "should i", "let me know", "you can", "you could", "can i",
    ]
    private static let speakers: Set<String> = ["i", "i've", "i'll", "i'm"]
    private static let auxiliaries: Set<String> = ["has", "have", "is", "are", "was", "were", "been"]
    private static let fillers: Set<String> = [
        "have", "will", "am", "just", "now", "already", "also", "gladly", "then", "been", "be", "successfully",
        "definitely",
        "certainly", "happily", "it", "that", "being", "going", "to", "did", "and",
    ]

    private static func verb(after place: Int, in words: [String]) -> String? {
        words.dropFirst(place + 1).first { !fillers.contains($0) }
    }

    private static let memoryVerbs: Set<String> = [
        "add", "added", "adding", "save", "saved", "saving", "store", "stored", "storing", "note", "noted", "noting",
        "record",
        "recorded", "recording", "update", "updated", "updating", "remove", "removed", "removing", "delete", "deleted",
        "deleting",
        "forget", "forgot", "forgotten", "cross", "crossed", "put", "putting", "made", "make", "changed", "change",
        "memorized",
        "keep", "kept", "taken", "took", "erased", "cleared",
    ]
    private static let outsideVerbs: Set<String> = [
        "set", "setting", "start", "started", "starting", "schedule", "scheduled", "scheduling", "send", "sent",
        "sending",
        "email", "emailed", "emailing", "write", "wrote", "written", "writing", "book", "booked", "booking", "reserve",
        "reserved",
        "order", "ordered", "ordering", "transfer", "transferred", "transferring", "pay", "paid", "paying", "turn",
        "turned",
        "turning", "switch", "switched", "switching", "contact", "contacted", "placed", "notify", "notified", "inform",
        "informed",
        "call", "called", "remind", "arrange", "arranged", "completed", "processed",
    ]

    private static func active(_ verb: String) -> Act? {
        memoryVerbs.contains(verb) ? .memory : outsideVerbs.contains(verb) ? .outside : nil
    }

    private static func passive(_ verb: String) -> Act? {
        switch verb {
        case "added", "saved", "stored", "noted", "recorded", "updated", "removed", "deleted", "crossed", "put",
            "changed", "forgotten",
            "erased", "cleared":
            .memory
        case "set", "started", "running", "scheduled", "sent", "booked", "reserved", "ordered", "transferred", "paid",
            "turned",
            "switched", "emailed", "placed", "off", "on", "completed", "processed", "confirmed":
            .outside
        default: nil
        }
    }

    private static func bare(_ word: String) -> Act? {
        switch word {
        case "noted", "added", "saved", "stored", "removed", "deleted", "updated", "done": .memory
        case "sent", "booked", "ordered", "paid", "reserved": .outside
        default: nil
        }
    }
}
