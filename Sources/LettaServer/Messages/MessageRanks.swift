import LettaAPI

/// The places of found messages by each of the signals, counted from 1.
struct MessageRanks: Sendable {
    let words: [ID<Message>: Int]
    let meaning: [ID<Message>: Int]

    var haveMeaning: Bool { !meaning.isEmpty }

    init(_ found: [MessageSearch.Found]) {
        words = Self.places(
            found.compactMap { found in
                found.signals.flatMap { $0.words > 0 ? (found.row.id, $0.words) : nil }
            })
        meaning = Self.places(
            found.compactMap { found in
                found.signals?.similarity.map { (found.row.id, $0) }
            })
    }

    /// Equal values keep their order.
    private static func places(_ values: [(id: ID<Message>, value: Double)]) -> [ID<Message>: Int] {
        let ordered = values.enumerated().sorted { ($0.element.value, $1.offset) > ($1.element.value, $0.offset) }
        return Dictionary(ordered.enumerated().map { ($1.element.id, $0 + 1) }) { first, _ in first }
    }
}
