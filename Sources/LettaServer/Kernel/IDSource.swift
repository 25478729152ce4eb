import LettaAPI

/// Makes ids: random ones in the server, predictable ones in tests.
struct IDSource: Sendable {
    let uuid: @Sendable () -> String

    static let random = IDSource { uuid(at: .now) }

    func next<Of: Resource>(_ type: Of.Type = Of.self) -> ID<Of> {
        ID("\(Of.idPrefix)-\(uuid())")
    }

    /// A random UUID in lowercase, valid as version 4, which clients require. It begins with the time in microseconds:
    /// 48 bits of milliseconds and 12 bits of their fraction, in the layout of version 7; 62 bits are random.
    ///
    /// So rows that are created together are adjacent in an index, and a new row does not split a full page in the
    /// middle.
    static func uuid(at time: Timestamp) -> String {
        // A wrong clock may show a time before 1970.
        let (milliseconds, rest) = UInt64(max(0, time.microseconds)).quotientAndRemainder(dividingBy: 1000)
        let high = milliseconds << 16 | 0x4000 | rest * 4096 / 1000
        let low = UInt64.random(in: .min ... .max) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var end = 0
            for number in [high, low] {
                for nibble in stride(from: 15, through: 0, by: -1) {
                    if end == 8 || end == 13 || end == 18 || end == 23 {
                        buffer[end] = UInt8(ascii: "-")
                        end += 1
                    }
                    let digit = UInt8(truncatingIfNeeded: number >> UInt64(nibble * 4)) & 0xf
                    buffer[end] = digit < 10 ? 0x30 + digit : 0x57 + digit
                    end += 1
                }
            }
            return end
        }
    }
}
