/// A string that is hashed and compared by its bytes, so that keys which only look alike stay apart.
struct ByteKey: Hashable, Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (left: ByteKey, right: ByteKey) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether both have the same UTF-8 bytes; `==` would also take canonically equivalent texts for equal.
    func hasSameBytes(as other: String) -> Bool {
        let same: Bool?? = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                guard left.count == right.count else { return false }
                for place in 0..<left.count where left[place] != right[place] { return false }
                return true
            }
        }
        if let same, let same { return same }
        return utf8.elementsEqual(other.utf8)
    }
}

extension String {
    /// Whether the UTF-8 bytes are these.
    @inline(__always)
    func hasBytes(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard utf8.count == other.count else { return false }
        let same = utf8.withContiguousStorageIfAvailable { own in
            for place in 0..<own.count where own[place] != other[place] { return false }
            return true
        }
        return same ?? utf8.elementsEqual(other)
    }
}

/// The bytes that mean something in JSON text.
enum Byte {
    static let tab: UInt8 = 0x09
    static let newline: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let minus: UInt8 = 0x2D
    static let point: UInt8 = 0x2E
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3A
    static let openBracket: UInt8 = 0x5B
    static let backslash: UInt8 = 0x5C
    static let closeBracket: UInt8 = 0x5D
    static let openBrace: UInt8 = 0x7B
    static let closeBrace: UInt8 = 0x7D
}

/// A byte eight times over.
@inline(__always)
private func eight(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

/// Sets the high bit of each byte of the word that equals `byte`. Borrows run upwards only, so the lowest bit that is
/// set among the high ones is always a true one, here and below.
@inline(__always)
private func marks(of byte: UInt8, in word: UInt64) -> UInt64 {
    let difference = word ^ eight(byte)
    return (difference &- eight(1)) & ~difference
}

/// The first place from `start` on whose byte is sought, or `end`; looks at eight bytes at a time.
///
/// - Parameters:
///   - marks: sets the high bits of the bytes of a word that are sought.
///   - isSought: says the same of one byte.
@inline(__always)
private func firstPlace(
    in bytes: UnsafePointer<UInt8>, from start: Int, to end: Int, marks: (UInt64) -> UInt64, isSought: (UInt8) -> Bool
) -> Int {
    var place = start
    while place &+ 8 <= end {
        let word = UInt64(littleEndian: UnsafeRawPointer(bytes + place).loadUnaligned(as: UInt64.self))
        let found = marks(word) & eight(0x80)
        if found != 0 { return place &+ found.trailingZeroBitCount / 8 }
        place &+= 8
    }
    while place < end, !isSought(bytes[place]) { place &+= 1 }
    return place
}

/// Where the plain run of a string ends: the first place from `start` on that holds a quote, a backslash or a
/// control character, or `end`.
@inline(__always)
func endOfPlainText(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
    firstPlace(
        in: bytes, from: start, to: end,
        marks: { word in
            marks(of: Byte.quote, in: word) | marks(of: Byte.backslash, in: word)
                | ((word &- eight(Byte.space)) & ~word)
        },
        isSought: { $0 == Byte.quote || $0 == Byte.backslash || $0 < Byte.space })
}

/// The place of the first line break from `start` on, or `end`.
func endOfLine(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
    firstPlace(
        in: bytes, from: start, to: end,
        marks: { marks(of: Byte.newline, in: $0) | marks(of: Byte.carriageReturn, in: $0) },
        isSought: { $0 == Byte.newline || $0 == Byte.carriageReturn })
}

/// The place of the first byte that is not part of well-formed UTF-8 (no overlong forms, no surrogates), if any.
@inline(__always)
func invalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let start = bytes.baseAddress else { return nil }
    var place = 0
    while place &+ 8 <= bytes.count {
        let word = UnsafeRawPointer(start + place).loadUnaligned(as: UInt64.self)
        guard word & 0x8080_8080_8080_8080 == 0 else { return invalidUTF8(bytes, from: place) }
        place &+= 8
    }
    while place < bytes.count {
        guard bytes[place] < 0x80 else { return invalidUTF8(bytes, from: place) }
        place &+= 1
    }
    return nil
}

@inline(never)
private func invalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var place = start
    while place < bytes.count {
        let lead = bytes[place]
        if lead < 0x80 {
            place &+= 1
            continue
        }
        // What the second byte may be depends on the first (table 3-7 of the Unicode standard).
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return place
        }
        guard place &+ length <= bytes.count, second ~= bytes[place &+ 1] else { return place }
        for next in place &+ 2..<max(place &+ 2, place &+ length) where bytes[next] & 0xC0 != 0x80 { return place }
        place &+= length
    }
    return nil
}
