import CVectors

/// Vectors of length 1, as they are stored: 32-bit floating point numbers, little-endian.
enum Vector {
    /// The vector with length 1; nil for one without a direction, which is near to nothing.
    static func normalized(_ vector: [Float]) -> [Float]? {
        let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 1e-12, length.isFinite else { return nil }
        let scale = 1 / length
        return vector.map { Float(Double($0) * scale) }
    }

    static func bytes(_ vector: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for number in vector {
            let bits = number.bitPattern
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
        }
        return bytes
    }

    static func numbers(_ bytes: [UInt8]) -> [Float] {
        bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { index in
                Float(
                    bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
            }
        }
    }

    /// The numbers as clients see them. Like the peer's, a vector is filled with zeros up to 4,096 numbers.
    static func padded(_ vector: [Float]) -> [Double] {
        vector.map(Double.init) + Array(repeating: 0, count: max(0, 4_096 - vector.count))
    }

    /// The cosine of two vectors of length 1.
    static func similarity(_ one: [Float], _ other: [Float]) -> Double {
        Double(zip(one, other).reduce(Float(0)) { $0 + $1.0 * $1.1 })
    }

    /// The mean direction of the vectors; nil when they have none.
    static func mean(_ vectors: [[Float]]) -> [Float]? {
        guard var sum = vectors.first else { return nil }
        for vector in vectors.dropFirst() { for (index, number) in vector.enumerated() { sum[index] += number } }
        return normalized(sum)
    }
}

/// A vector with a byte for each number, which is what scans need: the numbers are the codes times the scale.
struct QuantizedVector: Sendable, Equatable {
    let scale: Float
    let codes: [Int8]

    init(_ vector: [Float]) {
        let largest = vector.reduce(0) { max($0, abs($1)) }
        guard largest > 0 else {
            (scale, codes) = (0, Array(repeating: 0, count: vector.count))
            return
        }
        let scale = largest / 127
        self.scale = scale
        codes = vector.map { Int8(max(-127, min(127, ($0 / scale).rounded()))) }
    }

    /// - Parameter bytes: as ``bytes`` gives them.
    init?(bytes: [UInt8]) {
        guard bytes.count > 4 else { return nil }
        scale = Vector.numbers(Array(bytes.prefix(4)))[0]
        codes = bytes.dropFirst(4).map { Int8(bitPattern: $0) }
    }

    var bytes: [UInt8] { Vector.bytes([scale]) + codes.map { UInt8(bitPattern: $0) } }

    /// The cosine with another vector, both of length 1; nil when they can't be compared.
    func similarity(to other: QuantizedVector) -> Double? {
        guard codes.count == other.codes.count else { return nil }
        var product: Float = 0
        cvectors_scan(codes, [scale], 1, codes.count, other.codes, &product)
        return Double(product * other.scale)
    }
}

/// What a vector belongs to: a passage by the numbers of its id, which take less memory than its text, or a message by its
/// position among those of its agent.
struct VectorKey: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    static let prefix = "passage-"

    init(position: Int) {
        (high, low) = (0, UInt64(bitPattern: Int64(position)))
    }

    var position: Int { Int(Int64(bitPattern: low)) }

    /// Nil for what is no id of a passage of this server.
    init?(_ id: String) {
        var digits = 0
        var (high, low) = (UInt64(0), UInt64(0))
        guard id.hasPrefix(Self.prefix) else { return nil }
        for byte in id.utf8.dropFirst(Self.prefix.utf8.count) where byte != UInt8(ascii: "-") {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if digits < 16 { high = high << 4 | UInt64(digit) } else { low = low << 4 | UInt64(digit) }
            digits += 1
        }
        guard digits == 32 else { return nil }
        (self.high, self.low) = (high, low)
    }

    var id: String {
        let digits = Self.hex(high) + Self.hex(low)
        var id = Self.prefix
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { id += "-" }
            id.append(digit)
        }
        return id
    }

    private static func hex(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
