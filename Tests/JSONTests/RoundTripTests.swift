import JSON
import Testing

/// SplitMix64: the same documents on every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Makes documents that lean towards what breaks parsers.
struct DocumentGenerator {
    var random: SeededGenerator

    mutating func value(depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0..<(depth < 6 ? 9 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .int(integer())
        case 3: return .double(double())
        case 4, 5: return .string(string())
        case 6: return .array((0..<Int.random(in: 0..<6, using: &random)).map { _ in value(depth: depth + 1) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0..<24, using: &random) { object[string()] = value(depth: depth + 3) }
            return .object(object)
        }
    }

    /// One value at the bottom of many containers.
    mutating func deepValue() -> JSONValue {
        var value = value(depth: 6)
        for _ in 0..<Int.random(in: 100..<500, using: &random) {
            value = Bool.random(using: &random) ? [value] : .object([string(): value])
        }
        return value
    }

    private mutating func integer() -> Int64 {
        let edges: [Int64] = [.min, .min + 1, .max, .max - 1, 0, -1, 1 << 53, (1 << 53) + 1, 9, 10, 99, 100]
        if Bool.random(using: &random), let edge = edges.randomElement(using: &random) { return edge }
        return Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<64, using: &random)
    }

    private mutating func double() -> Double {
        let edges: [Double] = [
            .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude, 0, -0.0,
            0.1, 1e15, 1e16, 1e17, 0x1p53, 0x1p54, 1e22, 1e23, 1e-5, 1.5,
        ]
        if Int.random(in: 0..<4, using: &random) == 0, let edge = edges.randomElement(using: &random) { return edge }
        let any = Double(bitPattern: random.next())
        return any.isFinite ? any : 0.5
    }

    private mutating func string() -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<20, using: &random) {
            let range: ClosedRange<UInt32> =
                switch Int.random(in: 0..<6, using: &random) {
                case 0: 0...0x1F
                case 1: 0x22...0x22
                case 2: 0x5C...0x5C
                case 3: 0x80...0x7FF
                case 4: 0x800...0x10FFFF
                default: 0x20...0x7E
                }
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { scalars.append(scalar) }
        }
        return String(scalars)
    }
}

@Suite(.timeLimit(.minutes(2))) struct RoundTripTests {
    @Test(arguments: [JSONWriter.Style.compact, .spaced, .indented(2)])
    func whatIsWrittenIsReadBackTheSame(_ style: JSONWriter.Style) throws {
        var generator = DocumentGenerator(random: SeededGenerator(state: 0x5EED))
        for number in 0..<800 {
            let document = number % 25 == 0 ? generator.deepValue() : generator.value()
            let bytes = JSONWriter.bytes(of: document, style: style)
            let read = try JSONParser().parse(bytes)
            #expect(read == document, "document \(number)")
            // Equality takes objects of any order and both zeros as the same; the bytes do not.
            #expect(JSONWriter.bytes(of: read, style: style) == bytes, "document \(number)")
        }
    }

    @Test func equalDocumentsHaveEqualHashes() throws {
        var generator = DocumentGenerator(random: SeededGenerator(state: 2))
        for _ in 0..<300 {
            let document = generator.value()
            let read = try JSONParser().parse(JSONWriter.bytes(of: document))
            #expect(Set([document, read]).count == 1)
        }
    }

    /// Every prefix and many damaged forms of documents: refused or read, never a crash, and never read into
    /// something that does not survive another round.
    @Test func damagedDocumentsDoNoHarm() throws {
        var generator = DocumentGenerator(random: SeededGenerator(state: 3))
        var refused = 0
        for _ in 0..<300 {
            var bytes = JSONWriter.bytes(of: generator.value())
            if bytes.count > 400 { bytes.removeLast(bytes.count - 400) }
            for _ in 0..<40 {
                let place = Int.random(in: 0..<bytes.count, using: &generator.random)
                bytes[place] = UInt8.random(in: 0...255, using: &generator.random)
                let options = JSONParser.Options(rawValue: UInt8.random(in: 0..<4, using: &generator.random))
                guard let value = try? JSONParser(options: options).parse(bytes) else {
                    refused += 1
                    continue
                }
                #expect(try JSONParser().parse(JSONWriter.bytes(of: value)) == value)
            }
        }
        #expect(refused > 1_000)
    }

    @Test func everyPrefixOfADocumentIsRefused() throws {
        let bytes = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",true,false,null],"b":{"c":{}}}"#.utf8)
        #expect(throws: Never.self) { try JSONParser().parse(bytes) }
        for count in 0..<bytes.count {
            #expect(throws: JSONSyntaxError.self) { try JSONParser().parse(Array(bytes[..<count])) }
        }
    }
}
