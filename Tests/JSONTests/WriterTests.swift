import JSON
import Testing

@Suite(.timeLimit(.minutes(2))) struct WriterTests {
    static let sample: JSONValue = [
        "a": 1, "b": [1, 2.5, "x", nil, true, false], "c": [:], "d": [], "e": ["f": [["g": "h"]]],
    ]

    // The expected texts were made with Python 3.11: json.dumps(sample, ensure_ascii=False, …).

    @Test func compactIsPythonWithoutSpaces() {
        #expect(
            JSONWriter.string(of: Self.sample)
                == #"{"a":1,"b":[1,2.5,"x",null,true,false],"c":{},"d":[],"e":{"f":[{"g":"h"}]}}"#)
    }

    @Test func spacedIsPythonsDefault() {
        #expect(
            JSONWriter.string(of: Self.sample, style: .spaced)
                == #"{"a": 1, "b": [1, 2.5, "x", null, true, false], "c": {}, "d": [], "e": {"f": [{"g": "h"}]}}"#)
    }

    @Test func indentedIsPythonsIndent() {
        #expect(
            JSONWriter.string(of: Self.sample, style: .indented(2)) == """
                {
                  "a": 1,
                  "b": [
                    1,
                    2.5,
                    "x",
                    null,
                    true,
                    false
                  ],
                  "c": {},
                  "d": [],
                  "e": {
                    "f": [
                      {
                        "g": "h"
                      }
                    ]
                  }
                }
                """)
    }

    @Test(arguments: [
        (0.0, "0.0"), (-0.0, "-0.0"), (1.0, "1.0"), (-17.0, "-17.0"), (0.1, "0.1"), (100.0, "100.0"),
        (1e15, "1000000000000000.0"), (9_007_199_254_740_992.0, "9007199254740992.0"),
        (-9_986_844_722_789_726.0, "-9986844722789726.0"), (9_999_999_999_999_998.0, "9999999999999998.0"),
        (1e16, "1e+16"), (12_345_678_901_234_568.0, "1.2345678901234568e+16"), (1e22, "1e+22"), (1.5e300, "1.5e+300"),
        (0.0001, "0.0001"), (0.00001, "1e-05"), (1.25e-7, "1.25e-07"), (.leastNonzeroMagnitude, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (3.141592653589793, "3.141592653589793"),
        (.infinity, "null"), (-.infinity, "null"), (.nan, "null"),
    ])
    func doublesAsPythonWritesThem(_ double: Double, _ expected: String) {
        #expect(JSONWriter.string(of: double) == expected)
        #expect(JSONWriter.string(of: JSONValue.double(double)) == expected)
    }

    @Test func integers() {
        #expect(
            JSONWriter.string(of: [0, 9, 10, -1, -9, -10, Int.max, Int.min])
                == "[0,9,10,-1,-9,-10,9223372036854775807,-9223372036854775808]")
        #expect(JSONWriter.string(of: UInt64.max) == "18446744073709551615")
        #expect(JSONWriter.string(of: Int32.min) == "-2147483648")
        #expect(JSONWriter.string(of: Int64.min) == "-9223372036854775808")
    }

    @Test(arguments: [
        ("", #""""#),
        ("plain", #""plain""#),
        ("\"\\/", #""\"\\/""#),
        ("\u{8}\u{C}\n\r\t", #""\b\f\n\r\t""#),
        ("\u{0}\u{1}\u{F}\u{10}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u000f\\u0010\\u001f\u{7F}\""),
        ("é😀\u{2028}", "\"é😀\u{2028}\""),
        ("12345678\"12345678", #""12345678\"12345678""#),
        ("1234567\n", #""1234567\n""#),
    ])
    func stringsAsPythonWritesThem(_ text: String, _ expected: String) {
        #expect(JSONWriter.string(of: text) == expected)
    }

    @Test func fieldsAndElementsNestInAnyWay() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("id", "x")
            writer.field("none", nil as Int?)
            writer.nestedObject("empty") { _ in }
            writer.nestedArray("list") { list in
                list.element(1)
                list.object { $0.field("k", true) }
                list.array { $0.value("v") }
                list.raw(Array("{}".utf8))
            }
            writer.nestedObject("last") { $0.field("list", [1.0, 2.0]) }
        }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"id":"x","none":null,"empty":{},"list":[1,{"k":true},["v"],{}],"last":{"list":[1.0,2.0]}}"#)
    }

    @Test func aTypeWritesItselfInEveryStyle() {
        struct Point: JSONWritable {
            var x: Int
            var name: String?
            func write(to writer: inout JSONWriter) {
                writer.object {
                    $0.field("x", x)
                    $0.field("name", name)
                }
            }
        }
        let points = [Point(x: 1, name: "a"), Point(x: 2, name: nil)]
        #expect(JSONWriter.string(of: points) == #"[{"x":1,"name":"a"},{"x":2,"name":null}]"#)
        #expect(JSONWriter.string(of: points, style: .spaced) == #"[{"x": 1, "name": "a"}, {"x": 2, "name": null}]"#)
        #expect(
            JSONWriter.string(of: points[1], style: .indented(4)) == """
                {
                    "x": 2,
                    "name": null
                }
                """)
    }

    @Test func dictionariesAreWrittenInTheOrderOfTheirKeys() {
        let dictionary = ["b": 2, "a": 1, "c": 3]
        #expect(JSONWriter.string(of: dictionary, style: .spaced) == #"{"a": 1, "b": 2, "c": 3}"#)
    }

    @Test func keysAreEscaped() {
        #expect(JSONWriter.string(of: ["a\"\n": nil] as JSONValue) == #"{"a\"\n":null}"#)
    }

    @Test func anErrorInABodyIsPassedOn() {
        struct Stop: Error {}
        var writer = JSONWriter()
        #expect(throws: Stop.self) { try writer.object { _ in throw Stop() } }
    }

    @Test func compactTextHasNoLineBreakEvenFromRawText() throws {
        let raw = try RawJSON(validating: Array("{\r\n  \"a\": [1,\n 2],\n  \"b\": \"\\n\"\n}".utf8))
        #expect(JSONWriter.string(of: [raw]) == #"[{  "a": [1, 2],  "b": "\n"}]"#)
        #expect(JSONWriter.string(of: raw, style: .indented(2)) == raw.text)
        #expect(raw.text.contains("\n"))
    }

    @Test(arguments: ["\n", "\r", "\r\n"]) func aLineBreakIsFoundWhereverItStands(_ lineBreak: String) throws {
        for before in 0..<20 {
            for after in 0..<20 {
                let (start, end) = (String(repeating: " ", count: before), String(repeating: "\u{0C}é", count: after))
                let raw = RawJSON(trusted: "\(start)\(lineBreak)\"\(end)\"")
                #expect(JSONWriter.string(of: raw) == "\(start)\"\(end)\"")
            }
        }
    }
}
