import Foundation

/// Conversations in the manner of real chats, made for the evaluation of searches: several topics at once, typos, facts that
/// change, and questions in other words. The same each time.
enum MemoryEvaluationData {
    /// Something that is said once, and asked for later.
    struct Fact: Sendable {
        let said: String
        /// What follows, which may say the rest of it.
        let reply: String
        let question: String
        /// What is said later instead; nil for what never changes.
        let changed: String?
    }

    struct Turn: Sendable {
        var isUser: Bool
        var text: String
        /// In minutes from the beginning.
        var minute: Int
        /// The index of the fact that it states, and whether it is the later version.
        var fact: Int?
        var isChanged = false
    }

    /// Facts of each third topic are not looked at while weights are chosen.
    static func isHeldOut(_ fact: Int) -> Bool { fact % 3 == 2 }

    /// Of each line: said | reply | question | changed.
    static let facts: [Fact] = lines(of: "facts.txt").map { line in
        let parts = line.split(separator: "|", omittingEmptySubsequences: false).map { part in
            part.trimmingCharacters(in: .whitespaces)
        }
        return Fact(
            said: parts[0], reply: parts[1], question: parts[2],
            changed: parts.count > 3 && !parts[3].isEmpty ? parts[3] : nil)
    }

    private static let chatter = lines(of: "chatter.txt")

    /// The texts are those of `scripts/bench memory`.
    private static func lines(of name: String) -> [String] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Benchmarks/memory")
        guard let data = try? Data(contentsOf: folder.appending(path: name)) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// One conversation of some 280 turns with a third of the facts; the later versions come weeks after the earlier ones.
    static func conversation(_ number: Int) -> [Turn] {
        var random = Random(seed: UInt64(number) &* 7_919 &+ 17)
        let chosen = facts.indices.filter { _ in random.next(3) == 0 }
        var turns: [Turn] = []
        for fact in chosen {
            let minute = random.next(100_000)
            turns += pair(fact, facts[fact].said, at: minute, &random)
            if let changed = facts[fact].changed {
                turns += pair(fact, changed, at: minute + 20_000 + random.next(60_000), isChanged: true, &random)
            }
        }
        for _ in 0..<100 {
            let minute = random.next(180_000)
            turns.append(Turn(isUser: true, text: typed(chatter[random.next(chatter.count)], &random), minute: minute))
            turns.append(
                Turn(isUser: false, text: typed(chatter[random.next(chatter.count)], &random), minute: minute + 1))
        }
        return turns.enumerated().sorted { ($0.element.minute, $0.offset) < ($1.element.minute, $1.offset) }
            .map(\.element)
    }

    private static func pair(
        _ fact: Int, _ text: String, at minute: Int, isChanged: Bool = false, _ random: inout Random
    ) -> [Turn] {
        [
            Turn(isUser: true, text: typed(text, &random), minute: minute, fact: fact, isChanged: isChanged),
            Turn(
                isUser: false, text: isChanged ? "ok, noted" : typed(facts[fact].reply, &random), minute: minute + 1),
        ]
    }

    /// The text with a typo in about every twelfth longer word: two letters swapped, or one left out.
    private static func typed(_ text: String, _ random: inout Random) -> String {
        text.split(separator: " ").map { word -> String in
            guard word.count > 4, random.next(12) == 0 else { return String(word) }
            var letters = Array(word)
            let place = 1 + random.next(letters.count - 2)
            if random.next(2) == 0 { letters.swapAt(place, place + 1) } else { letters.remove(at: place) }
            return String(letters)
        }.joined(separator: " ")
    }

    /// A generator that gives the same numbers on every machine.
    struct Random {
        private var state: UInt64

        init(seed: UInt64) {
            state = seed
        }

        /// 0 to `bound` - 1.
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(1, bound)))
        }
    }
}
