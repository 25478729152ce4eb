/// Formats times as prompts and packed tool results show them: `2026-11-23 09:25:54 AM EST-0500`.
package enum ZonedTime {
    /// The local time in `zone`; nil when the zone is unknown.
    ///
    /// - Parameter microseconds: since 1970 UTC.
    package static func promptText(
        microseconds: Int64, zone: String, in database: ZoneDatabase = .system
    ) -> String? {
        guard let rules = database.zone(named: zone) else { return nil }
        let seconds = Int(microseconds.dividedDown(by: 1_000_000))
        return text(seconds: seconds, offset: rules.offset(at: seconds))
    }

    /// As `promptText`, in UTC when the zone is unknown: prompts must work on a machine that lost its tz database, and
    /// the text names its zone.
    package static func promptTextOrUTC(microseconds: Int64, zone: String) -> String {
        promptText(microseconds: microseconds, zone: zone)
            ?? text(seconds: Int(microseconds.dividedDown(by: 1_000_000)), offset: .utc)
    }

    /// `2026-11-23T09:25:54.630849-05:00`; in UTC when the zone is unknown.
    package static func isoTextOrUTC(
        microseconds: Int64, zone: String, in database: ZoneDatabase = .system
    ) -> String {
        let seconds = microseconds.dividedDown(by: 1_000_000)
        let offset = database.zone(named: zone)?.offset(at: Int(seconds)) ?? .utc
        let time = CivilTime(seconds: Int(seconds) + offset.seconds)
        let date = "\(time.year.padded(to: 4))-\(time.month.padded(to: 2))-\(time.day.padded(to: 2))"
        let (hour, minute, second) = (time.secondOfDay / 3_600, time.secondOfDay / 60 % 60, time.secondOfDay % 60)
        let clock = "\(hour.padded(to: 2)):\(minute.padded(to: 2)):\(second.padded(to: 2))"
        let fraction = (microseconds - seconds * 1_000_000).padded(to: 6)
        let size = abs(offset.seconds)
        let zone = "\((size / 3_600).padded(to: 2)):\((size / 60 % 60).padded(to: 2))"
        return "\(date)T\(clock).\(fraction)\(offset.seconds < 0 ? "-" : "+")\(zone)"
    }

    /// The moment at which the clock of `zone` shows `local`, itself read as UTC. The first of two such moments, and
    /// `local` itself when the zone is unknown.
    package static func microseconds(
        local: Int64, zone: String, in database: ZoneDatabase = .system
    ) -> Int64 {
        guard let rules = database.zone(named: zone) else { return local }
        let seconds = Int(local.dividedDown(by: 1_000_000))
        // If the clock was put forward or back within a day, the earlier offset differs from the later one.
        let offsets = [seconds - CivilTime.secondsPerDay, seconds + CivilTime.secondsPerDay].map {
            rules.offset(at: $0).seconds
        }
        let offset = offsets.first { rules.offset(at: seconds - $0).seconds == $0 } ?? offsets[0]
        return local - Int64(offset) * 1_000_000
    }

    private static func text(seconds: Int, offset: LocalOffset) -> String {
        let time = CivilTime(seconds: seconds + offset.seconds)
        let date = "\(time.year.padded(to: 4))-\(time.month.padded(to: 2))-\(time.day.padded(to: 2))"
        let hour = time.secondOfDay / 3_600
        let clockHour = hour % 12 == 0 ? 12 : hour % 12
        let minute = time.secondOfDay / 60 % 60
        let clock = "\(clockHour.padded(to: 2)):\(minute.padded(to: 2)):\((time.secondOfDay % 60).padded(to: 2))"
        return "\(date) \(clock) \(hour < 12 ? "AM" : "PM") \(offset.abbreviation)\(text(of: offset.seconds))"
    }

    /// `+0530`; with seconds if the offset has some (`-045602`), as `%z` does.
    private static func text(of offset: Int) -> String {
        let size = abs(offset)
        let seconds = size % 60 == 0 ? "" : (size % 60).padded(to: 2)
        return "\(offset < 0 ? "-" : "+")\((size / 3_600).padded(to: 2))\((size / 60 % 60).padded(to: 2))\(seconds)"
    }
}
