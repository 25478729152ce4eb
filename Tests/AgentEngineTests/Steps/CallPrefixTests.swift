import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct CallPrefixTests {
    static let calls: [(text: String, before: String)] = [
        ("{", ""), (#"{"na"#, ""), (#"Sure. {"name": "x"#, "Sure. "), ("```json\n{\n  \"name", ""), ("``", ""),
        ("<tool_call>\n{", ""), ("<to", ""), (#"[{"name""#, ""), (#"{{"name""#, ""), (#"{ "type": "function""#, ""),
        ("a {b} `c` <d> [e] {", "a {b} `c` <d> [e] "),
    ]
    static let prose = [
        "", "Hello.", "{curly}", "`code`.", "```swift\nlet a = 1", "<p>", "[1, 2]", #"{"city": "Porto"}"#, #"["name"]"#,
        "{" + String(repeating: " ", count: 100),
    ]

    @Test(arguments: calls)
    func whatMayBecomeACallBegins(_ row: (text: String, before: String)) throws {
        let start = try #require(CallPrefix.start(in: row.text.unicodeScalars))
        #expect(row.text[..<start] == row.before)
    }

    @Test(arguments: prose)
    func proseIsProse(_ text: String) {
        #expect(CallPrefix.start(in: text.unicodeScalars) == nil)
    }
}
