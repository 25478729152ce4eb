import FoundationEssentials

/// Writes a GGUF file: metadata, then tensors.
struct GGUFWriter {
    /// The raw value is the format's code.
    enum TensorType: UInt32 {
        case float32 = 0
        /// Q8_0: blocks of 32 numbers, each with one half-precision scale and a signed byte per number.
        case q8 = 8
    }

    private static let alignment = 32
    private static let version: UInt32 = 3

    private var values = Data()
    private var valueCount: UInt64 = 0
    private var tensorHeads = Data()
    private var tensors = Data()
    private var tensorCount: UInt64 = 0

    mutating func set(_ key: String, _ value: String) {
        begin(key, type: 8)
        values.append(text: value)
    }

    mutating func set(_ key: String, _ value: UInt32) {
        begin(key, type: 4)
        values.append(integer: value)
    }

    mutating func set(_ key: String, _ value: Float) {
        begin(key, type: 6)
        values.append(integer: value.bitPattern)
    }

    mutating func set(_ key: String, _ value: Bool) {
        begin(key, type: 7)
        values.append(value ? 1 : 0)
    }

    mutating func set(_ key: String, _ items: [String]) {
        begin(key, type: 9)
        values.append(integer: UInt32(8))
        values.append(integer: UInt64(items.count))
        for item in items { values.append(text: item) }
    }

    mutating func set(_ key: String, _ items: [Int32]) {
        begin(key, type: 9)
        values.append(integer: UInt32(5))
        values.append(integer: UInt64(items.count))
        for item in items { values.append(integer: item) }
    }

    /// - Parameter shape: rows first, as in safetensors; GGUF stores it reversed.
    mutating func add(_ name: String, shape: [Int], _ numbers: [Float], as type: TensorType) {
        tensorHeads.append(text: name)
        tensorHeads.append(integer: UInt32(shape.count))
        for length in shape.reversed() { tensorHeads.append(integer: UInt64(length)) }
        tensorHeads.append(integer: type.rawValue)
        tensorHeads.append(integer: UInt64(tensors.count))
        switch type {
        case .float32: numbers.withUnsafeBytes { tensors.append(contentsOf: $0) }
        case .q8: Self.quantize(numbers).withUnsafeBytes { tensors.append(contentsOf: $0) }
        }
        tensors.pad(to: Self.alignment)
        tensorCount += 1
    }

    /// The whole file.
    func file() -> Data {
        var file = Data("GGUF".utf8)
        file.append(integer: Self.version)
        file.append(integer: tensorCount)
        file.append(integer: valueCount)
        file.append(values)
        file.append(tensorHeads)
        file.pad(to: Self.alignment)
        file.append(tensors)
        return file
    }

    private mutating func begin(_ key: String, type: UInt32) {
        values.append(text: key)
        values.append(integer: type)
        valueCount += 1
    }

    /// Scales the largest magnitude of a block to 127 and rounds half away from zero.
    static func quantize(_ numbers: [Float]) -> [UInt8] {
        let block = 32
        var bytes = [UInt8](repeating: 0, count: numbers.count / block * (block + 2))
        numbers.withUnsafeBufferPointer { numbers in
            bytes.withUnsafeMutableBufferPointer { bytes in
                var position = 0
                for start in stride(from: 0, to: numbers.count - block + 1, by: block) {
                    var largest: Float = 0
                    for index in start..<start + block { largest = max(largest, abs(numbers[index])) }
                    let scale = largest / 127
                    let inverse = scale == 0 ? 0 : 1 / scale
                    let half = Float16(scale).bitPattern
                    bytes[position] = UInt8(truncatingIfNeeded: half)
                    bytes[position + 1] = UInt8(truncatingIfNeeded: half >> 8)
                    position += 2
                    for index in start..<start + block {
                        let rounded = (numbers[index] * inverse).rounded(.toNearestOrAwayFromZero)
                        bytes[position] = UInt8(bitPattern: Int8(rounded))
                        position += 1
                    }
                }
            }
        }
        return bytes
    }
}

extension Data {
    fileprivate mutating func append(integer: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(text: String) {
        append(integer: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    fileprivate mutating func pad(to alignment: Int) {
        let rest = count % alignment
        if rest > 0 { append(Data(count: alignment - rest)) }
    }
}
