import JSON
import ModelProviders
import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct LenientToolCallsTests {
    private let reader = LenientToolCalls(tools: [
        TurnTool(name: "memory_insert", requiredArguments: ["label", "new_string"]), TurnTool(name: "now"),
    ])

    private static let plain = #"{"name": "memory_insert", "arguments": {"label": "human", "new_string": "Porto"}}"#
    private static let found = #"{"label": "human", "new_string": "Porto"}"#

    static let calls: [(text: String, before: String?)] = [
        (plain, nil),
        ("```json\n\(plain)\n```", nil),
        ("```\n\(plain)\n```", nil),
        ("<tool_call>\n\(plain)\n</tool_call>", nil),
        ("[\(plain)]", nil),
        ("I will note that.\n\n```json\n\(plain)\n```\nDone.", "I will note that."),
        (#"{{"name": "memory_insert", "arguments": {"label": "human", "new_string": "Porto"}}}"#, nil),
        (#"{{"name": "memory_insert", "arguments": {{"label": "human", "new_string": "Porto"}}}}"#, nil),
        (#"{"name": "memory_insert", "parameters": {"label": "human", "new_string": "Porto"}}"#, nil),
        (#"{"type": "function", "function": \#(plain)}"#, nil),
        (#"{"name": "memory_insert", "arguments": "{\"label\":\"human\",\"new_string\":\"Porto\"}"}"#, nil),
        ("Some {curly} words, then \(plain)", "Some {curly} words, then"),
        (plain + plain, nil),
    ]

    @Test(arguments: calls)
    func aCallIsFoundHoweverItIsDressed(_ row: (text: String, before: String?)) {
        #expect(reader.read(row.text) == .init(text: row.before, tool: "memory_insert", arguments: Self.found))
    }

    @Test func bracesInTextsDoNotCount() {
        let text = #"{"name": "memory_insert", "arguments": {"label": "a}", "new_string": "\"{{"}}"#
        #expect(reader.read(text)?.arguments == #"{"label": "a}", "new_string": "\"{{"}"#)
    }

    static let prose = [
        "", "Hello!", "{", "{}", "{not json}",
        #"{"name": "unknown", "arguments": {}}"#,
        #"{"name": "memory_insert", "arguments": {"label": "human"}}"#,
        #"{"name": "memory_insert", "arguments": {"label": "human", "new_string": null}}"#,
        #"{"name": "memory_insert"}"#,
        #"{"name": "memory_insert", "arguments": {"label": "human", "new_string": "Por"#,
        #"The file holds {"a": 1}, and {"name": "now", "arguments": {}} would be a call."#,
    ]

    @Test(arguments: prose)
    func everythingElseIsProse(_ text: String) {
        #expect(reader.read(text) == nil)
    }

    @Test func aTurnRunsTheCallLikeAnyOther() {
        var plan = TurnPlan(tools: [TurnTool(name: "now")])
        plan.traits.toolCalls = .maybeText
        var turn = ScriptedTurn(plan, [.say(#"Let me see. {"name": "now", "arguments": {}}"#), .say("Noon.")])
        turn.run()
        #expect(turn.runs.map(\.tool) == ["now"])
        #expect(turn.messages[0].text == "Let me see.")
        #expect(turn.messages[0].toolCalls.map(\.id.isEmpty) == [false])
        #expect(turn.end?.stop == .endTurn)
    }

    @Test func onlyOfferedToolsAreFound() {
        let rules = [ToolRule(tool: "now", .maximumCount(1))]
        var plan = TurnPlan(tools: [TurnTool(name: "now")], rules: rules)
        plan.traits.toolCalls = .maybeText
        let call = ModelAnswer.say(#"{"name": "now", "arguments": {}}"#)
        var turn = ScriptedTurn(plan, [call, call])
        turn.run()
        #expect(turn.runs.count == 1)
        #expect(turn.messages.last?.text == #"{"name": "now", "arguments": {}}"#)
    }

    @Test func modelsThatCallNativelyAreTakenAtTheirWord() {
        var turn = ScriptedTurn(TurnPlan(tools: [TurnTool(name: "now")]), [.say(#"{"name": "now", "arguments": {}}"#)])
        turn.run()
        #expect(turn.runs.isEmpty)
    }
}
