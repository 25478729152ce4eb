import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct ZonedTimeTests {
    private func text(_ seconds: Int64, _ zone: String) -> String? {
        ZonedTime.promptText(microseconds: seconds * 1_000_000, zone: zone)
    }

    @Test func `the clock of UTC`() {
        #expect(text(1_795_443_954, "UTC") == "2026-11-23 02:25:54 PM UTC+0000")
        #expect(text(0, "UTC") == "1970-01-01 12:00:00 AM UTC+0000")
        #expect(text(43_200, "UTC") == "1970-01-01 12:00:00 PM UTC+0000")
        #expect(text(951_782_400, "UTC") == "2000-02-29 12:00:00 AM UTC+0000")
    }

    @Test func `parts of a second are cut towards the past`() {
        #expect(ZonedTime.promptText(microseconds: 999_999, zone: "UTC") == "1970-01-01 12:00:00 AM UTC+0000")
        #expect(ZonedTime.promptText(microseconds: -1, zone: "UTC") == "1969-12-31 11:59:59 PM UTC+0000")
    }

    @Test func `summer and winter by the files' own names`() {
        #expect(text(1_784_548_800, "America/New_York") == "2026-07-20 08:00:00 AM EDT-0400")
        #expect(text(1_795_443_954, "America/New_York") == "2026-11-23 09:25:54 AM EST-0500")
        #expect(text(1_784_548_800, "Europe/Berlin") == "2026-07-20 02:00:00 PM CEST+0200")
        #expect(text(1_795_443_954, "Europe/Berlin") == "2026-11-23 03:25:54 PM CET+0100")
        #expect(text(1_795_443_954, "Asia/Kolkata") == "2026-11-23 07:55:54 PM IST+0530")
    }

    @Test func `the second of a change`() {
        // 2026-03-08 07:00 UTC and 2026-11-01 06:00 UTC.
        #expect(text(1_772_953_199, "America/New_York") == "2026-03-08 01:59:59 AM EST-0500")
        #expect(text(1_772_953_200, "America/New_York") == "2026-03-08 03:00:00 AM EDT-0400")
        #expect(text(1_793_512_799, "America/New_York") == "2026-11-01 01:59:59 AM EDT-0400")
        #expect(text(1_793_512_800, "America/New_York") == "2026-11-01 01:00:00 AM EST-0500")
    }

    @Test func `years after the last transition follow the footer`() {
        #expect(text(4_118_065_200, "Europe/Berlin") == "2100-06-30 09:00:00 PM CEST+0200")
        #expect(text(4_134_006_000, "Europe/Berlin") == "2101-01-01 08:00:00 AM CET+0100")
    }

    @Test func `years before the first transition have the first time known`() {
        #expect(text(-2_500_000_000, "Europe/Berlin") == "1890-10-11 08:26:48 PM LMT+005328")
    }

    @Test func `a zone nobody knows`() {
        #expect(text(0, "Mars/Olympus_Mons") == nil)
        #expect(
            ZonedTime.promptTextOrUTC(microseconds: 0, zone: "Mars/Olympus_Mons") == "1970-01-01 12:00:00 AM UTC+0000")
    }
}

@Suite(.timeLimit(.minutes(2))) struct ZonedISOTimeTests {
    private func text(_ microseconds: Int64, _ zone: String) -> String {
        ZonedTime.isoTextOrUTC(microseconds: microseconds, zone: zone)
    }

    @Test func `a moment on the clock of a zone`() {
        #expect(text(1_795_443_954_630_849, "UTC") == "2026-11-23T14:25:54.630849+00:00")
        #expect(text(1_795_443_954_630_849, "America/New_York") == "2026-11-23T09:25:54.630849-05:00")
        #expect(text(1_795_443_954_000_000, "Asia/Kolkata") == "2026-11-23T19:55:54.000000+05:30")
        #expect(text(-1, "UTC") == "1969-12-31T23:59:59.999999+00:00")
        #expect(text(0, "Mars/Olympus_Mons") == "1970-01-01T00:00:00.000000+00:00")
    }

    @Test(arguments: [
        // Summer, winter, the hour that there is not, the hour that there is twice, a zone nobody knows.
        (1_784_534_400, "America/New_York", 1_784_548_800), (1_795_443_954, "America/New_York", 1_795_461_954),
        (1_772_937_000, "America/New_York", 1_772_955_000), (1_793_496_600, "America/New_York", 1_793_511_000),
        (1_784_548_800, "UTC", 1_784_548_800), (1_784_548_800, "Nowhere/Land", 1_784_548_800),
        (1_784_548_800, "Pacific/Kiritimati", 1_784_498_400),
    ])
    func `what a clock shows as a moment`(_ local: Int64, _ zone: String, _ moment: Int64) {
        let found = ZonedTime.microseconds(local: local * 1_000_000 + 5, zone: zone)
        #expect(found == moment * 1_000_000 + 5)
    }
}

@Suite(.timeLimit(.minutes(2))) struct ZoneDatabaseTests {
    @Test(arguments: ["UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT"])
    func `real names are known`(_ name: String) {
        #expect(ZoneDatabase.system.isKnown(name))
    }

    @Test(arguments: [
        "", "/", "Europe", "Europe/", "/usr/share/zoneinfo/UTC", "../../../etc/passwd", "Europe/../UTC",
        "Europe//Berlin", "./UTC", "UTC\0", "Europe/Berlin\0", "posixrules", "localtime", "right/Europe/Berlin",
        "tzdata.zi", "leapseconds", "Not/AZone", "EUROPE/BERLIN/X", "Ёurope/Berlin", "Europe/Ber lin", "UTC\n",
        "%2e%2e/UTC",
        String(repeating: "A", count: 100_000), String(repeating: "A/", count: 20) + "B",
    ])
    func `hostile names are not`(_ name: String) {
        #expect(!ZoneDatabase.system.isKnown(name))
    }

    @Test func `a machine without a tz database knows UTC`() {
        let bare = ZoneDatabase(directory: "/nonexistent")
        #expect(bare.isKnown("UTC"))
        #expect(!bare.isKnown("Europe/Berlin"))
        #expect(ZonedTime.promptText(microseconds: 0, zone: "UTC", in: bare) == "1970-01-01 12:00:00 AM UTC+0000")
    }
}

@Suite(.timeLimit(.minutes(2))) struct ZoneFileTests {
    /// A version 2 file without transitions: one type, `<+03>-3`.
    private var small: [UInt8] {
        var header = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
        for count in [0, 0, 0, 0, 1, 4] as [UInt8] { header += [0, 0, 0, count] }
        let data: [UInt8] = [0, 0, 0x2A, 0x30, 0, 0] + Array("+03\0".utf8)
        return header + data + header + data + Array("\n<+03>-3\n".utf8)
    }

    @Test func `a file without transitions`() throws {
        let file = try #require(ZoneFile(bytes: small))
        #expect(file.offset(at: 0) == LocalOffset(seconds: 10_800, abbreviation: "+03"))
    }

    @Test func `a file cut anywhere is refused or still gives an answer`() {
        for length in 0..<small.count {
            let file = ZoneFile(bytes: Array(small.prefix(length)))
            if length < small.count - 9 { #expect(file == nil) } else { _ = file?.offset(at: 0) }
        }
    }

    @Test func `a file with any byte changed does not trap`() {
        for place in small.indices {
            for value in [0, 0x7F, 0xFF] as [UInt8] {
                var bytes = small
                bytes[place] = value
                _ = ZoneFile(bytes: bytes)?.offset(at: 1_795_443_954)
            }
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct PosixZoneRuleTests {
    @Test func `half hours, quoted names, no summer`() {
        #expect(PosixZoneRule("<+0330>-3:30")?.offset(at: 0) == LocalOffset(seconds: 12_600, abbreviation: "+0330"))
        #expect(PosixZoneRule("UTC0")?.offset(at: 0) == .utc)
    }

    @Test func `summer in the south spans the new year`() throws {
        let sydney = try #require(PosixZoneRule("AEST-10AEDT,M10.1.0,M4.1.0/3"))
        #expect(sydney.offset(at: 1_767_225_600).abbreviation == "AEDT")  // 2026-01-01
        #expect(sydney.offset(at: 1_782_864_000).abbreviation == "AEST")  // 2026-07-01
        #expect(sydney.offset(at: 1_798_675_200).abbreviation == "AEDT")  // 2026-12-31
    }

    @Test func `winter as the exception, as in Dublin`() throws {
        let dublin = try #require(PosixZoneRule("IST-1GMT0,M10.5.0,M3.5.0/1"))
        #expect(dublin.offset(at: 1_767_225_600) == LocalOffset(seconds: 0, abbreviation: "GMT"))
        #expect(dublin.offset(at: 1_782_864_000) == LocalOffset(seconds: 3_600, abbreviation: "IST"))
    }

    @Test func `days counted through the year`() throws {
        let julian = try #require(PosixZoneRule("A0B,J60/0,J61/0"))
        // March 1 in a leap year and in another: February 29 is not counted.
        #expect(julian.offset(at: 1_709_251_200).abbreviation == "B")
        #expect(julian.offset(at: 1_772_323_200).abbreviation == "B")
        let ordinal = try #require(PosixZoneRule("A0B,59/0,60/0"))
        #expect(ordinal.offset(at: 1_709_164_800).abbreviation == "B")  // 2024-02-29
        #expect(ordinal.offset(at: 1_772_323_200).abbreviation == "B")  // 2026-03-01
    }

    @Test(arguments: [
        "", "E", "CET", "CET-", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J9", "CET-1CEST,M3.5.0,M10.5.0x", "<+03", "CET-999999999999999999999",
        "CET-1CEST,M3.5.0/168,M10.5.0",
    ])
    func `other texts are refused`(_ text: String) {
        #expect(PosixZoneRule(text) == nil)
    }
}
