import JSON
import Testing

@Suite(.timeLimit(.minutes(2))) struct PythonTextTests {
    @Test(arguments: [
        ("plain", "'plain'"), ("it's", "\"it's\""), ("say \"hi\"", "'say \"hi\"'"),
        ("it's \"odd\"", "'it\\'s \"odd\"'"),
        ("back\\slash", "'back\\\\slash'"), ("a\nb\tc\r", "'a\\nb\\tc\\r'"), ("\u{0}\u{1B}\u{7F}", "'\\x00\\x1b\\x7f'"),
        ("é漢🎉", "'é漢🎉'"), ("\u{A0}\u{AD}\u{200B}\u{2028}\u{3000}", "'\\xa0\\xad\\u200b\\u2028\\u3000'"),
        ("\u{E000}\u{FFFF}\u{E0001}", "'\\ue000\\uffff\\U000e0001'"),
    ])
    func `texts as Python's repr`(_ text: String, _ printed: String) {
        #expect(PythonText.literal(text) == printed)
        #expect(PythonText.literal(.array([.string(text)])) == "[\(printed)]")
        #expect(PythonText.list([text, "x"]) == "[\(printed), 'x']")
        #expect(PythonText.text(of: .string(text)) == text)
    }

    @Test(arguments: [
        (1.0, "1.0"), (0.1, "0.1"), (1e-5, "1e-05"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
        (12_345_678_901_234_568, "1.2345678901234568e+16"), (-1.5e300, "-1.5e+300"), (-0.0, "-0.0"),
    ])
    func `numbers as Python's repr`(_ number: Double, _ printed: String) {
        #expect(PythonText.literal(.double(number)) == printed)
    }

    @Test func `collections as Python's repr`() {
        let value: JSONValue = ["a": [nil, true, false, 3], "it's": [:], "e": []]
        #expect(PythonText.literal(value) == #"{'a': [None, True, False, 3], "it's": {}, 'e': []}"#)
        #expect(PythonText.text(of: value) == PythonText.literal(value))
        #expect(PythonText.list([]) == "[]")
    }

    @Test func `bytes as Python's repr`() {
        var writer = PythonText()
        writer.write(Array("it's\n\u{1}é\\".utf8))
        #expect(writer.text == #"b"it's\n\x01\xc3\xa9\\""#)
        #expect(!writer.isTruncated)
    }

    @Test func `a limit cuts the text`() {
        var writer = PythonText(limit: 10)
        writer.write(["key": .array(Array(repeating: "value", count: 1000))])
        #expect(writer.isTruncated)
        #expect(writer.text == "{'key': ['")
    }
}
