import LettaAPI

/// Makes ids and times. The real one asks the system; tests give their own.
struct IDSource: Sendable {
    let uuid: @Sendable () -> String

    static let random = IDSource { randomUUID() }

    func next<Of: Resource>(_ type: Of.Type = Of.self) -> ID<Of> {
        ID("\(Of.idPrefix)-\(uuid())")
    }

    /// A random (version 4) uuid in lowercase.
    private static func randomUUID() -> String {
        var generator = SystemRandomNumberGenerator()
        let high = (generator.next() as UInt64) & 0xffff_ffff_ffff_0fff | 0x4000
        let low = (generator.next() as UInt64) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var end = 0
            for (number, nibbles) in [(high, 15), (low, 15)] {
                for nibble in stride(from: nibbles, through: 0, by: -1) {
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
