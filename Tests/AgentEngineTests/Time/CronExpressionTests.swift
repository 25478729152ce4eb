import Testing

@testable import AgentEngine

/// When something recurs, in the time zones of people.
@Suite struct CronExpressionTests {
    /// The times after `start`, as local texts without the fraction.
    private func times(
        _ expression: String, after start: String, zone: String, count: Int = 3
    ) throws -> [String] {
        let cron = try CronExpression(expression)
        var time = try #require(Self.microseconds(start))
        var times: [String] = []
        for _ in 0..<count {
            time = try #require(cron.next(after: time, zone: zone))
            times.append(ZonedTime.isoTextOrUTC(microseconds: time, zone: zone).replacing(".000000", with: ""))
        }
        return times
    }

    /// `2026-03-28 12:00` in UTC.
    private static func microseconds(_ text: String) -> Int64? {
        let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count == 5 else { return nil }
        let day = CivilTime.dayNumber(year: numbers[0], month: numbers[1], day: numbers[2])
        return Int64(day * 86_400 + numbers[3] * 3_600 + numbers[4] * 60) * 1_000_000
    }

    @Test func `fields, lists, ranges, steps and names`() throws {
        #expect(
            try times("*/20 * * * *", after: "2026-01-01 00:00", zone: "UTC") == [
                "2026-01-01T00:20:00+00:00", "2026-01-01T00:40:00+00:00", "2026-01-01T01:00:00+00:00",
            ])
        #expect(
            try times("0 9 * * MON-FRI", after: "2026-01-02 09:00", zone: "UTC", count: 2) == [
                "2026-01-05T09:00:00+00:00", "2026-01-06T09:00:00+00:00",
            ])
        #expect(
            try times("30 8,20 1 jan *", after: "2026-01-01 08:30", zone: "UTC", count: 2) == [
                "2026-01-01T20:30:00+00:00", "2027-01-01T08:30:00+00:00",
            ])
        #expect(
            try times("@daily", after: "2026-01-01 00:00", zone: "UTC", count: 1) == ["2026-01-02T00:00:00+00:00"])
        #expect(
            try times("0 0 13 * 5", after: "2026-02-01 00:00", zone: "UTC") == [
                "2026-02-06T00:00:00+00:00", "2026-02-13T00:00:00+00:00", "2026-02-20T00:00:00+00:00",
            ], "either day suffices")
        #expect(
            try times("0 0 29 2 *", after: "2026-01-01 00:00", zone: "UTC", count: 2) == [
                "2028-02-29T00:00:00+00:00", "2032-02-29T00:00:00+00:00",
            ])
        #expect(
            try times("0 0 * * 7", after: "2026-01-01 00:00", zone: "UTC", count: 1) == ["2026-01-04T00:00:00+00:00"])
    }

    @Test func `clocks that are put forward and back`() throws {
        #expect(
            try times("30 2 * * *", after: "2026-03-28 12:00", zone: "Europe/Berlin", count: 2) == [
                "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00",
            ], "there is no half past two on that day")
        #expect(
            try times("30 2 * * *", after: "2026-10-24 12:00", zone: "Europe/Berlin", count: 2) == [
                "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00",
            ], "half past two comes twice")
        #expect(
            try times("0 * * * *", after: "2026-10-24 23:30", zone: "Europe/Berlin") == [
                "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00",
            ], "an hour is an hour")
        #expect(
            try times("0 9 * * *", after: "2026-03-28 12:00", zone: "America/New_York", count: 1) == [
                "2026-03-28T09:00:00-04:00"
            ])
    }

    @Test func `dates that never come`() throws {
        #expect(try CronExpression("0 0 31 2 *").next(after: 0, zone: "UTC") == nil)
        #expect(try CronExpression("0 0 * * *").next(after: 0, zone: "Nowhere/At_all") == nil)
    }

    @Test(arguments: [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *",
        "5-1 * * * *", "a * * * *", "1,,2 * * * *", "1/2/3 * * * *", "-1 * * * *", "@never", "+1 * * * *",
        String(repeating: "1,", count: 200) + "1 * * * *",
    ])
    func `what is no expression`(_ text: String) {
        #expect(throws: CronExpression.Problem.self) { try CronExpression(text) }
    }
}
