import JSON

/// Makes up addresses, numbers and times at the edges of what programs take, the same ones for the same seed.
struct HostileValues: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &self)]
    }

    // MARK: Numbers

    mutating func integer() -> Int64 {
        let edges: [Int64] = [
            .min, .min + 1, .max, .max - 1, -1, 0, 1, 2, 50, 1_000, 1 << 31, (1 << 31) - 1, -(1 << 31), 1 << 32,
            1 << 53,
            .max / 2, .max / 3, .max / 1_000, .min / 1_000, 65_535, 65_536,
        ]
        let shift = Int64.random(in: 0...63, using: &self)
        return pick([pick(edges), Int64(truncatingIfNeeded: next()) >> shift])
    }

    mutating func number() -> JSONValue {
        let doubles = [
            0, -0.0, 0.1, 1.5, -1.5, 1e-307, 1e15, 9.2e18, 9.3e18, -9.3e18, 1.8e19, 1e300, -1e300,
            Double.greatestFiniteMagnitude, .leastNonzeroMagnitude,
        ]
        return switch Int.random(in: 0..<8, using: &self) {
        case 0: .double(pick(doubles))
        case 1: .string(pick(["1e5", "99999999999999999999999", "0x10", " 7 ", "-1", "NaN", "inf", "١"]))
        default: .int(integer())
        }
    }

    // MARK: Times

    mutating func time() -> String {
        let year = pick([
            "0000", "0001", "1582", "1900", "1969", "1970", "2026", "2038", "2262", "9999", "10000", "-001", "99",
        ])
        let day = pick(["-01-01", "-12-31", "-02-29", "-02-31", "-13-01", "-00-00", "-1-1", ""])
        let clock = pick([
            "", "T00:00", "T00:00:00", "T23:59:59.999999", "T23:59:60", "T24:00", " 12:30:00",
            "T12:30:00.1234567890123456789", "T",
        ])
        let zone = pick(["", "Z", "+00:00", "-23:59", "+23:59", "+99:99", "-0500", "z", "+14", "🦉"])
        return year + day + clock + zone
    }

    // MARK: Addresses

    /// No valid one leads off this machine, and nobody answers there.
    mutating func address() -> String {
        let scheme = pick([
            "http://", "http://", "https://", "HTTP://", "ftp://", "", "http:/", "http:", "//", "letta-local:",
        ])
        let user = pick(["", "", "", "u@", "u:p@", "@", "127.0.0.1\\@"])
        let host = pick([
            "127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "169.254.169.254",
            "2852039166", "[fe80::1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "metadata.google.internal", "",
            "[", "[]", "[::1", "a b", "é", "%00", "\u{0}", "..", "\u{202e}", String(repeating: "a", count: 2_100),
        ])
        let port = pick(["", ":1", ":1", ":0", ":65536", ":99999", ":-1", ":", ":x", ":\(integer())", ":1:1"])
        let path = pick(["", "/", "/v1", "?q=\u{7f}", "#f", "/%", "/🦉", "/..//", "\n"])
        return scheme + user + host + port + path
    }
}
