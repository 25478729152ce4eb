/// A bound of a filter by time: a moment, or a day that is meant as a whole.
public struct DayOrTime: Sendable, Hashable {
    /// As it was written.
    public let text: String
    /// The first microsecond that is meant.
    public let first: Timestamp
    /// The last microsecond that is meant.
    public let last: Timestamp
    /// Whether it is written without a zone; `first` and `last` are in UTC all the same.
    public let hasNoZone: Bool

    private static let day: Int64 = 86_400_000_000

    /// Reads `2026-01-31` and `2026-01-31T14:30` with or without seconds and zone; nil when it is no such text.
    public init?(iso8601 text: String) {
        guard let time = Timestamp(iso8601: text) else { return nil }
        let behindDate = text.utf8.dropFirst(10)
        let marks: [UInt8] = [UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-")]
        self.text = text
        first = time
        last = behindDate.isEmpty ? Timestamp(microseconds: time.microseconds + Self.day - 1) : time
        hasNoZone = !behindDate.contains { marks.contains($0) }
    }
}

extension DayOrTime: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let time = DayOrTime(iso8601: text) else { throw InvalidTimestamp() }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
