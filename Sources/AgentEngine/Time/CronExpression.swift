/// When something recurs: the five fields of cron, read in a time zone.
///
/// Minute, hour, day of the month, month and day of the week, each `*`, a value, a range, a step, or a list of those; months
/// and weekdays also by name; `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`. Where both days are restricted, either
/// of them suffices, as in cron.
///
/// A time that a zone skips, because its clock is put forward, comes as much later as the clock moves. A time that comes twice
/// is taken once, unless every hour is meant.
package struct CronExpression: Sendable, Hashable {
    package struct Problem: Error, Hashable {
        package var message: String
    }

    private var minutes: [Int]
    private var hours: [Int]
    private var days: Set<Int>
    private var months: Set<Int>
    private var weekdays: Set<Int>
    private var isAnyHour: Bool
    private var isAnyDay: Bool
    private var isAnyWeekday: Bool

    private static let nicknames = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    package init(_ text: String) throws(Problem) {
        guard text.utf8.count <= 256 else { throw Problem(message: "must have at most 256 bytes") }
        let lowered = text.lowercased()
        let fields = (Self.nicknames[lowered] ?? lowered).split { $0 == " " || $0 == "\t" }
        guard fields.count == 5 else {
            throw Problem(
                message: "must have five fields: minute, hour, day of the month, month and day of the week")
        }
        minutes = try Self.values(of: fields[0], "minute", 0...59).sorted()
        hours = try Self.values(of: fields[1], "hour", 0...23).sorted()
        days = try Self.values(of: fields[2], "day of the month", 1...31)
        months = try Self.values(of: fields[3], "month", 1...12, names: Self.monthNames, firstName: 1)
        weekdays = Set(
            try Self.values(of: fields[4], "day of the week", 0...7, names: Self.weekdayNames, firstName: 0)
                .map { $0 % 7 })
        isAnyHour = fields[1].hasPrefix("*")
        isAnyDay = Self.isAny(fields[2])
        isAnyWeekday = Self.isAny(fields[4])
    }

    private static func isAny(_ field: Substring) -> Bool { field.hasPrefix("*") || field == "?" }

    private static func values(
        of field: Substring, _ name: String, _ range: ClosedRange<Int>, names: [String] = [], firstName: Int = 0
    ) throws(Problem) -> Set<Int> {
        let problem = Problem(
            message: "has the \(name) '\(field)', which is none of \(range.lowerBound)-\(range.upperBound)")
        func number(_ text: Substring) -> Int? {
            if let place = names.firstIndex(of: String(text)) { return place + firstName }
            guard !text.isEmpty, text.utf8.count <= 2, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            return Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
        var values: Set<Int> = []
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "/", omittingEmptySubsequences: false)
            guard sides.count <= 2 else { throw problem }
            var step = 1
            if sides.count == 2 {
                guard sides[1].utf8.count <= 2, let size = Int(sides[1]), size > 0 else { throw problem }
                step = size
            }
            let bounds = sides[0].split(separator: "-", omittingEmptySubsequences: false)
            let (first, last): (Int, Int)
            if sides[0] == "*" || sides[0] == "?" {
                (first, last) = (range.lowerBound, range.upperBound)
            } else if bounds.count == 1, let value = number(bounds[0]) {
                (first, last) = (value, sides.count == 2 ? range.upperBound : value)
            } else if bounds.count == 2, let low = number(bounds[0]), let high = number(bounds[1]), low <= high {
                (first, last) = (low, high)
            } else {
                throw problem
            }
            values.formUnion(stride(from: first, through: last, by: step))
        }
        return values
    }

    /// The first time after `microseconds`, in microseconds since 1970 UTC; nil when the zone is unknown, or when there is no
    /// such day within the next nine years, which have every date.
    package func next(after microseconds: Int64, zone: String, in database: ZoneDatabase = .system) -> Int64? {
        guard let rules = database.zone(named: zone) else { return nil }
        let seconds = Int(microseconds.dividedDown(by: 1_000_000))
        let local = seconds + rules.offset(at: seconds).seconds
        // A clock that is put back at midnight shows the day before once more.
        let first = local.dividedDown(by: CivilTime.secondsPerDay) - 1
        for day in first...(first + 9 * 366 + 1) where matches(day: day) {
            if let next = times(on: day, rules).first(where: { $0 > seconds }) { return Int64(next) * 1_000_000 }
        }
        return nil
    }

    private func matches(day: Int) -> Bool {
        let date = CivilTime(seconds: day * CivilTime.secondsPerDay)
        guard months.contains(date.month) else { return false }
        let (isDay, isWeekday) = (
            days.contains(date.day), weekdays.contains(CivilTime.weekday(ofDayNumber: day))
        )
        return isAnyDay || isAnyWeekday ? isDay && isWeekday : isDay || isWeekday
    }

    /// The times of a local day in ascending order, in seconds since 1970 UTC.
    private func times(on day: Int, _ rules: ZoneFile) -> [Int] {
        let start = day * CivilTime.secondsPerDay
        // The clock may be put forward or back on this day.
        let offsets = Set(
            [start - CivilTime.secondsPerDay, start + 2 * CivilTime.secondsPerDay].map {
                rules.offset(at: $0).seconds
            }
        ).sorted(by: >)
        let earlier = rules.offset(at: start - CivilTime.secondsPerDay).seconds
        var times: Set<Int> = []
        for hour in hours {
            for minute in minutes {
                let local = start + hour * 3_600 + minute * 60
                let moments = offsets.map { local - $0 }.filter { rules.offset(at: $0).seconds == local - $0 }
                if isAnyHour {
                    times.formUnion(moments)
                } else {
                    times.insert(moments.min() ?? local - earlier)
                }
            }
        }
        return times.sorted()
    }
}
