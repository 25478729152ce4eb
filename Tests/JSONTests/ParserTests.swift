import JSON
import Testing

@Suite(.timeLimit(.minutes(2))) struct ParserTests {
    let parser = JSONParser()

    @Test(arguments: SyntaxVector.all)
    func syntax(_ vector: SyntaxVector) {
        let value = try? parser.parse(vector.bytes)
        #expect((value != nil) == vector.isAccepted)
    }

    @Test func namesOfVectorsDiffer() {
        #expect(Set(SyntaxVector.all.map(\.name)).count == SyntaxVector.all.count)
        #expect(SyntaxVector.all.count >= 150)
    }

    @Test func readsEveryKindOfValue() throws {
        let value = try parser.parse(
            #" {"n": null, "t": true, "f": false, "i": -12, "d": 1.5, "s": "a\tb", "a": [1, []], "o": {"x": {}}} "#)
        #expect(
            value == [
                "n": nil, "t": true, "f": false, "i": -12, "d": 1.5, "s": "a\tb", "a": [1, []], "o": ["x": [:]],
            ])
    }

    @Test(arguments: [
        ("9223372036854775807", JSONValue.int(.max)),
        ("-9223372036854775808", .int(.min)),
        ("9007199254740993", .int(9_007_199_254_740_993)),
        ("9223372036854775808", .double(0x1p63)),
        ("-9223372036854775809", .double(-0x1p63)),
        ("18446744073709551616", .double(0x1p64)),
        ("0", .int(0)),
        ("-0", .int(0)),
        ("1.0", .double(1)),
        ("1e2", .double(100)),
        ("0.1", .double(0.1)),
        ("123456789.123456789123456789", .double(123456789.123456789123456789)),
        ("9007199254740993.0", .double(9007199254740993.0)),
        ("2.2250738585072014e-308", .double(.leastNormalMagnitude)),
        ("5e-324", .double(.leastNonzeroMagnitude)),
        ("1e-400", .double(0)),
        ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
        ("0.00000000000000000000000000000000000000000000000001", .double(1e-50)),
        ("100000000000000000000000", .double(1e23)),
    ])
    func numbers(_ text: String, _ expected: JSONValue) throws {
        #expect(try parser.parse(text) == expected)
    }

    @Test func minusZeroWithFractionKeepsItsSign() throws {
        #expect(try parser.parse("-0.0").double?.sign == .minus)
    }

    @Test func keepsTheOrderOfKeys() throws {
        let keys = (0..<40).map { "key\($0 * 7 % 40)" }
        let text = "{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try parser.parse(text).object?.keys == keys)
    }

    @Test(arguments: [2, 16, 17, 100])
    func lastOfEqualKeysWinsAtTheFirstPlace(_ others: Int) throws {
        let fill = (0..<others).map { ",\"k\($0)\":\($0)" }.joined()
        let object = try #require(try parser.parse("{\"a\":1\(fill),\"\\u0061\":2,\"z\":3,\"a\":4}").object)
        #expect(object.count == others + 2)
        #expect(object.keys.first == "a")
        #expect(object.keys.last == "z")
        #expect(object["a"] == 4)
        #expect(object["k\(others - 1)"] == .int(Int64(others - 1)))
    }

    @Test func manyEqualAndDifferentKeysInOneObject() throws {
        var text = "{"
        for round in 0..<3 {
            for key in 0..<500 { text += "\"key \(key)\":\(round * 1000 + key)," }
        }
        text += "\"end\":0}"
        let object = try #require(try parser.parse(text).object)
        #expect(object.count == 501)
        #expect((0..<500).allSatisfy { object["key \($0)"] == .int(Int64(2000 + $0)) })
        #expect(object.keys == (0..<500).map { "key \($0)" } + ["end"])
    }

    @Test func composedAndDecomposedKeysAreDifferent() throws {
        let object = try #require(try parser.parse("{\"\u{E9}\":1,\"e\u{301}\":2}").object)
        #expect(object.count == 2)
        #expect(object["\u{E9}"] == 1)
        #expect(object["e\u{301}"] == 2)
    }

    @Test func joinsSurrogatePairs() throws {
        #expect(try parser.parse(#""\ud83d\ude00 \uDBFF\uDFFF""#) == "😀 \u{10FFFF}")
    }

    @Test(arguments: [
        (#""\ud800""#, "\u{FFFD}"),
        (#""\udc00""#, "\u{FFFD}"),
        (#""a\ud800b""#, "a\u{FFFD}b"),
        (#""\ud800\u0041""#, "\u{FFFD}A"),
        (#""\ud800\ud83d\ude00""#, "\u{FFFD}😀"),
        (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
    ])
    func replacesLoneSurrogatesWhenAsked(_ text: String, _ expected: String) throws {
        #expect(try JSONParser(options: .replaceLoneSurrogates).parse(text) == .string(expected))
        #expect(throws: JSONSyntaxError.self) { try parser.parse(text) }
    }

    @Test func removesNULWhenAsked() throws {
        let text = #"{"k\u0000ey": "a\u0000b", "\u0000": "\u0000"}"#
        #expect(try parser.parse(text) == ["k\0ey": "a\0b", "\0": "\0"])
        #expect(try JSONParser(options: .removeNUL).parse(text) == ["key": "ab", "": ""])
    }

    @Test func removingNULMakesKeysEqual() throws {
        let value = try JSONParser(options: .removeNUL).parse(#"{"ab": 1, "a\u0000b": 2}"#)
        #expect(value.object?.count == 1)
        #expect(value["ab"] == 2)
    }

    @Test func depthLimitIsAdjustableDownwards() throws {
        let shallow = JSONParser(depthLimit: 2)
        #expect(try shallow.parse(#"[{"a":1}]"#) == [["a": 1]])
        #expect(throws: JSONSyntaxError(offset: 2, reason: "Nested deeper than 2 levels")) {
            try shallow.parse("[[[]]]")
        }
    }

    @Test func depthLimitCannotBeRaisedWithoutBounds() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONSyntaxError.self) { try JSONParser(depthLimit: .max).parse(deep) }
    }

    @Test(arguments: [
        ("", 0, "Expecting value"),
        ("  x", 2, "Expecting value"),
        ("[1,", 3, "Expecting value"),
        ("{", 1, "Expecting property name enclosed in double quotes"),
        ("{a}", 1, "Expecting property name enclosed in double quotes"),
        (#"{"a" 1}"#, 5, "Expecting ':' delimiter"),
        (#"{"a": 1 "b"}"#, 8, "Expecting ',' delimiter"),
        ("[1 2]", 3, "Expecting ',' delimiter"),
        ("1 2", 2, "Extra data"),
        ("01", 1, "Extra data"),
        (#"["abc"#, 1, "Unterminated string starting at"),
        ("\"a\nb\"", 2, "Invalid control character at"),
        (#""a\qb""#, 2, "Invalid \\escape"),
        (#""a\u12x4""#, 3, "Invalid \\uXXXX escape"),
        (#""a\ud800""#, 2, "Lone surrogate in \\uXXXX escape"),
        ("[1e999]", 1, "Number out of range"),
        ("[NaN]", 1, "Expecting value"),
    ])
    func namesPlaceAndReason(_ text: String, _ offset: Int, _ reason: String) {
        #expect(throws: JSONSyntaxError(offset: offset, reason: reason)) { try parser.parse(text) }
    }

    @Test(arguments: [[UInt8]](arrayLiteral: [0x22, 0x61, 0xFF, 0x22], [0x22, 0x5C, 0x6E, 0xFF, 0x22]))
    func namesThePlaceOfInvalidUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONSyntaxError(offset: bytes.count - 2, reason: "Invalid UTF-8")) { try parser.parse(bytes) }
    }

    @Test func everyScalarSurvivesUnescaped() throws {
        // One of every 97 scalars, together with the borders of the encoding lengths.
        var scalars = stride(from: 0x20, through: 0x10FFFF, by: 97).compactMap { Unicode.Scalar(UInt32($0)) }
        scalars += [0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF].compactMap(Unicode.Scalar.init)
        scalars.removeAll { $0 == "\"" || $0 == "\\" }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        #expect(try parser.parse("\"\(String(text))\"") == .string(String(text)))
    }

    @Test func readsAPartOfABuffer() throws {
        let bytes = Array("xx[1,2]yy".utf8)
        let value = try bytes.withUnsafeBytes { try parser.parse(UnsafeRawBufferPointer(rebasing: $0[2..<7])) }
        #expect(value == [1, 2])
    }

    @Test func describesItself() {
        #expect(JSONSyntaxError(offset: 7, reason: "Extra data").description == "Extra data (byte 7)")
    }
}
