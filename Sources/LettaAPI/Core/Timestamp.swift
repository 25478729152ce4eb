public import JSON

/// A point in time, in microseconds since 1970-01-01 UTC. The only time type of the API.
///
/// On the wire it is `2026-11-23T14:25:52.630849Z`: always six digits, always `Z`.
public struct Timestamp: Sendable, Hashable, Comparable {
    public var microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Years 1 to 9999, which four digits show and every client reads.
    public static let range =
        Timestamp(
            microseconds: -62_135_596_800_000_000)...Timestamp(
            microseconds: 253_402_300_799_999_999)

    /// The nearest time in ``range``.
    public var clamped: Timestamp { min(max(self, Self.range.lowerBound), Self.range.upperBound) }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String { wireText }

    /// The wire form.
    public var wireText: String {
        let microseconds = clamped.microseconds
        let (days, micros) = microseconds.flooredDivision(by: 86_400_000_000)
        let date = CivilDate(daysSince1970: days)
        let seconds = micros / 1_000_000
        return String(unsafeUninitializedCapacity: 27) { buffer in
            var end = 0
            func put(_ value: Int64, width: Int) {
                var rest = value
                for position in stride(from: end + width - 1, through: end, by: -1) {
                    buffer[position] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                end += width
            }
            func put(_ character: Unicode.Scalar) {
                buffer[end] = UInt8(ascii: character)
                end += 1
            }
            put(date.year, width: 4)
            put("-")
            put(date.month, width: 2)
            put("-")
            put(date.day, width: 2)
            put("T")
            put(seconds / 3600, width: 2)
            put(":")
            put(seconds / 60 % 60, width: 2)
            put(":")
            put(seconds % 60, width: 2)
            put(".")
            put(micros % 1_000_000, width: 6)
            put("Z")
            return end
        }
    }
}

extension Timestamp: JSONWritable, Codable {
    public func write(to writer: inout JSONWriter) {
        writer.value(wireText)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wireText)
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let time = Timestamp(iso8601: text) else { throw InvalidTimestamp() }
        self = time
    }
}

/// Says that a text is no point in time.
public struct InvalidTimestamp: JSONValidationFailure {
    public var message: String { "Input should be a valid datetime such as 2026-11-23T14:25:52.630849Z" }
}

extension Timestamp {
    /// Reads `YYYY-MM-DD[T ]hh:mm[:ss[.f…]][Z|±hh:mm]`; without a zone it is UTC. Nil when it is no such text.
    public init?(iso8601 text: String) {
        var digits = DigitReader(text)
        guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2), digits.skip("-"),
            let day = digits.number(2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var micros: Int64 = 0
        if !digits.isAtEnd {
            guard digits.skip("T") || digits.skip(" "), let hour = digits.number(2), digits.skip(":"),
                let minute = digits.number(2), hour < 24, minute < 60
            else { return nil }
            micros = (hour * 3600 + minute * 60) * 1_000_000
            if digits.skip(":") {
                guard let second = digits.number(2), second < 60 else { return nil }
                micros += second * 1_000_000
                if digits.skip(".") {
                    guard let fraction = digits.fraction() else { return nil }
                    micros += fraction
                }
            }
            guard let offset = digits.zoneOffset() else { return nil }
            micros -= offset
        }
        guard digits.isAtEnd else { return nil }
        microseconds = CivilDate(year: year, month: month, day: day).daysSince1970 * 86_400_000_000 + micros
        guard Self.range.contains(self) else { return nil }
    }
}

/// A date of the Gregorian calendar, converted with the days-from-civil arithmetic of Howard Hinnant.
private struct CivilDate {
    var year: Int64
    var month: Int64
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(daysSince1970 days: Int64) {
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

extension Int64 {
    /// Quotient rounded down and the remainder that is never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = ((self % divisor) + divisor) % divisor
        return ((self - remainder) / divisor, remainder)
    }
}

/// Reads fixed-width numbers off the front of a text.
private struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(_ width: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<width {
            guard let digit = rest.first, (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
            rest.removeFirst()
        }
        return value
    }

    /// Microseconds from the digits behind a decimal point; digits past the sixth are dropped.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while let digit = rest.first, (0x30...0x39).contains(digit) {
            if count < 6 { value = value * 10 + Int64(digit - 0x30) }
            count += 1
            rest.removeFirst()
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    /// Microseconds east of UTC; nothing written means UTC.
    mutating func zoneOffset() -> Int64? {
        if isAtEnd || skip("Z") { return 0 }
        let isWest = skip("-")
        guard isWest || skip("+"), let hours = number(2) else { return nil }
        _ = skip(":")
        guard let minutes = number(2), hours < 24, minutes < 60 else { return nil }
        let offset = (hours * 3600 + minutes * 60) * 1_000_000
        return isWest ? -offset : offset
    }
}
