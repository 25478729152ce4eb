/// The rule for the years after a zone file's last transition, as its footer states it (`CET-1CEST,M3.5.0,M10.5.0/3`).
///
/// The grammar is POSIX's `TZ`, with RFC 8536's wider hours. Offsets are seconds east of Greenwich: POSIX writes them
/// with the opposite sign.
struct PosixZoneRule: Equatable {
    var standard: LocalOffset
    var daylight: Daylight?

    struct Daylight: Equatable {
        var offset: LocalOffset
        var starts: Change
        var ends: Change
    }

    /// The moment of a yearly change, in the local time that applies just before it.
    struct Change: Equatable {
        enum Day: Equatable {
            /// `Jn`: 1–365, February 29 is never counted.
            case julian(Int)
            /// `n`: 0–365, February 29 is counted.
            case ordinal(Int)
            /// `Mm.w.d`: weekday `d` (0 is Sunday) of week `w` of month `m`; week 5 is the last one.
            case weekday(month: Int, week: Int, day: Int)
        }

        var day: Day
        /// Seconds after local midnight; −167 to 167 hours.
        var second: Int
    }

    /// The offset in force at `seconds` since 1970 UTC.
    func offset(at seconds: Int) -> LocalOffset {
        guard let daylight else { return standard }
        let year = CivilTime(seconds: seconds + standard.seconds).year
        let start = daylight.starts.localSeconds(in: year) - standard.seconds
        let end = daylight.ends.localSeconds(in: year) - daylight.offset.seconds
        let isDaylight =
            start < end
            ? (start..<end).contains(seconds)
            : !(end..<start).contains(seconds)
        return isDaylight ? daylight.offset : standard
    }
}

extension PosixZoneRule.Change {
    func localSeconds(in year: Int) -> Int {
        let newYear = CivilTime.dayNumber(year: year, month: 1, day: 1)
        let dayNumber: Int
        switch day {
        case .julian(let number):
            dayNumber = newYear + number - 1 + (CivilTime.isLeap(year) && number >= 60 ? 1 : 0)
        case .ordinal(let number):
            dayNumber = newYear + number
        case .weekday(let month, let week, let weekday):
            let first = CivilTime.dayNumber(year: year, month: month, day: 1)
            let untilWeekday = (weekday - CivilTime.weekday(ofDayNumber: first) + 7) % 7
            var dayOfMonth = 1 + untilWeekday + (week - 1) * 7
            if dayOfMonth > CivilTime.daysInMonth(month, of: year) { dayOfMonth -= 7 }
            dayNumber = first + dayOfMonth - 1
        }
        return dayNumber * CivilTime.secondsPerDay + second
    }
}

extension PosixZoneRule {
    /// Parses a footer; nil when it is not in the grammar.
    init?(_ text: some StringProtocol) {
        var scanner = PosixZoneScanner(text: Array(text.utf8))
        guard let name = scanner.name(), let west = scanner.time() else { return nil }
        standard = LocalOffset(seconds: -west, abbreviation: name)
        guard !scanner.isAtEnd else { return }
        guard let daylightName = scanner.name() else { return nil }
        var daylightSeconds = standard.seconds + 3_600
        if !scanner.isNext(",") {
            guard let daylightWest = scanner.time() else { return nil }
            daylightSeconds = -daylightWest
        }
        guard let starts = scanner.change(), let ends = scanner.change(), scanner.isAtEnd else { return nil }
        daylight = Daylight(
            offset: LocalOffset(seconds: daylightSeconds, abbreviation: daylightName), starts: starts, ends: ends)
    }
}

/// Reads the parts of a POSIX `TZ` text one after another; every reader returns nil at the first odd byte.
private struct PosixZoneScanner {
    let text: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == text.count }

    func isNext(_ character: Unicode.Scalar) -> Bool {
        position < text.count && text[position] == UInt8(ascii: character)
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        position += 1
        return true
    }

    /// `EST`, or `<+0330>` where the name has other signs than letters.
    mutating func name() -> String? {
        let isQuoted = take("<")
        let start = position
        while position < text.count, isQuoted ? !isNext(">") : text[position].isASCIILetter { position += 1 }
        let name = String(decoding: text[start..<position], as: UTF8.self)
        if isQuoted, !take(">") { return nil }
        return name.isEmpty ? nil : name
    }

    mutating func number(upTo limit: Int) -> Int? {
        let start = position
        var value = 0
        while position < text.count, let digit = text[position].decimalDigit, value <= limit {
            value = value * 10 + digit
            position += 1
        }
        return position > start && value <= limit ? value : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time() -> Int? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(upTo: 167) else { return nil }
        var seconds = hours * 3_600
        for unit in [60, 1] where take(":") {
            guard let part = number(upTo: 59) else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    /// `,day[/time]`.
    mutating func change() -> PosixZoneRule.Change? {
        guard take(","), let day = day() else { return nil }
        guard take("/") else { return .init(day: day, second: 2 * 3_600) }
        guard let second = time() else { return nil }
        return .init(day: day, second: second)
    }

    private mutating func day() -> PosixZoneRule.Change.Day? {
        if take("J") {
            guard let number = number(upTo: 365), number >= 1 else { return nil }
            return .julian(number)
        }
        guard take("M") else { return number(upTo: 365).map { .ordinal($0) } }
        guard let month = number(upTo: 12), month >= 1, take("."),
            let week = number(upTo: 5), week >= 1, take("."),
            let weekday = number(upTo: 6)
        else { return nil }
        return .weekday(month: month, week: week, day: weekday)
    }
}

extension UInt8 {
    var isASCIILetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }

    var decimalDigit: Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) ? Int(self) - 48 : nil
    }
}
