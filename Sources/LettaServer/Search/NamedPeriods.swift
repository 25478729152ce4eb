import AgentEngine
import LettaAPI

/// The days, months and years that a question names, such as `yesterday`, `in May` and `last spring`.
enum NamedPeriods {
    private static let day: Int64 = 86_400_000_000

    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]
    /// In the northern half of the world. Each has three months, and winter begins in the year before.
    private static let seasons = ["spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12]
    private static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    /// The periods, each in microseconds since 1970 UTC.
    ///
    /// - Parameter now: in relation to which `yesterday` and `last May` are meant.
    static func periods(in question: String, at now: Timestamp, zone: String) -> [Range<Int64>] {
        let words = question.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init)
        guard let today = Day(ZonedTime.isoTextOrUTC(microseconds: now.microseconds, zone: zone)) else { return [] }
        return words.indices.compactMap { period(at: $0, in: words, today) }.map { local in
            ZonedTime.microseconds(
                local: local.lowerBound, zone: zone)..<max(
                    ZonedTime.microseconds(local: local.upperBound, zone: zone),
                    ZonedTime.microseconds(local: local.lowerBound, zone: zone))
        }
    }

    /// A day of the calendar.
    private struct Day {
        let year: Int
        let month: Int
        /// Its first microsecond, read as UTC.
        let start: Int64

        /// - Parameter text: begins with `2026-01-31`.
        init?(_ text: String) {
            let parts = text.prefix(10).split(separator: "-").compactMap { Int($0) }
            // The 30th of February is read as a day of March.
            guard parts.count == 3, let time = Timestamp(iso8601: String(text.prefix(10))),
                time.wireText.prefix(10) == text.prefix(10)
            else { return nil }
            (year, month, start) = (parts[0], parts[1], time.microseconds)
        }

        init?(year: Int, month: Int, day: Int = 1) {
            // Months may run over the ends of a year.
            let months = year * 12 + month - 1
            guard months >= 12, months < 9_999 * 12, (1...31).contains(day) else { return nil }
            let text = [String(months / 12), String(months % 12 + 1), String(day)].enumerated().map { place, text in
                String(repeating: "0", count: max(0, (place == 0 ? 4 : 2) - text.utf8.count)) + text
            }
            self.init(text.joined(separator: "-"))
        }
    }

    private static func months(_ first: Int, _ count: Int = 1, of year: Int) -> Range<Int64>? {
        guard let start = Day(year: year, month: first), let end = Day(year: year, month: first + count) else {
            return nil
        }
        return start.start..<end.start
    }

    private static func period(at index: Int, in words: [String], _ today: Day) -> Range<Int64>? {
        let word = words[index]
        let previous = index > 0 ? words[index - 1] : ""
        let isThis = previous == "this"
        switch word {
        case "today": return today.start..<today.start + day
        case "yesterday": return today.start - day..<today.start
        case "week" where previous == "last" || isThis:
            // 1970 began on a Thursday.
            let monday = today.start - ((today.start / day + 3) % 7) * day
            return isThis ? monday..<monday + 7 * day : monday - 7 * day..<monday
        case "month" where previous == "last" || isThis:
            return months(today.month - (isThis ? 0 : 1), of: today.year)
        case "year" where previous == "last" || isThis:
            return months(1, 12, of: today.year - (isThis ? 0 : 1))
        default: break
        }
        if let month = months.firstIndex(of: word) { return named(month + 1, at: index, in: words, today) }
        if let first = seasons[word] {
            let year =
                self.year(after: index, in: words) ?? (isThis || first <= today.month ? today.year : today.year - 1)
            return months(first, 3, of: first == 12 && self.year(after: index, in: words) != nil ? year - 1 : year)
        }
        if let weekday = weekdays.firstIndex(of: word), ["on", "last", "this"].contains(previous) {
            let back = ((today.start / day + 3) % 7 - Int64(weekday) + 7) % 7
            let start = today.start - (back == 0 && previous == "last" ? 7 : back) * day
            return start..<start + day
        }
        return date(word, previous)
    }

    /// A month by its name, with a day and a year where they are named. Without a year, the last one that has begun.
    private static func named(_ month: Int, at index: Int, in words: [String], _ today: Day) -> Range<Int64>? {
        let previous = index > 0 ? words[index - 1] : ""
        let days = [previous, index + 1 < words.count ? words[index + 1] : ""].compactMap(dayOfMonth)
        // Words of other meanings, too.
        let isCertain = !days.isEmpty || ["in", "of", "since", "last", "this", "during", "until"].contains(previous)
        guard isCertain || (words[index] != "may" && words[index] != "march") else { return nil }
        let year =
            year(after: index, in: words) ?? year(after: index + 1, in: words)
            ?? (month <= today.month ? today.year : today.year - 1)
        guard let day = days.first else { return months(month, of: year) }
        return Day(year: year, month: month, day: day).map { $0.start..<$0.start + Self.day }
    }

    private static func dayOfMonth(_ word: String) -> Int? {
        let digits = word.prefix { $0.isNumber }
        guard ["", "st", "nd", "rd", "th"].contains(word.dropFirst(digits.count)) else { return nil }
        return Int(digits).flatMap { (1...31).contains($0) ? $0 : nil }
    }

    private static func year(after index: Int, in words: [String]) -> Int? {
        guard index + 1 < words.count, words[index + 1].utf8.count == 4 else { return nil }
        return Int(words[index + 1]).flatMap { (1_900...2_999).contains($0) ? $0 : nil }
    }

    /// `2026-01-31`, `2026-01`, `in 2026`.
    private static func date(_ word: String, _ previous: String) -> Range<Int64>? {
        let parts = word.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        switch (parts.count, word.utf8.count) {
        case (3, 10): return Day(word).map { $0.start..<$0.start + day }
        case (2, 7):
            guard let year = parts[0], let month = parts[1], (1...12).contains(month) else { return nil }
            return months(month, of: year)
        case (1, 4) where previous == "in" || previous == "since":
            guard let year = parts[0], (1_900...2_999).contains(year) else { return nil }
            return months(1, 12, of: year)
        default: return nil
        }
    }
}
