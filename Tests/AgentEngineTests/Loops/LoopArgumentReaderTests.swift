import JSON
import Testing

@testable import AgentEngine

/// The arguments of a call, taken apart piece by piece.
@Suite(.timeLimit(.minutes(2))) struct LoopArgumentReaderTests {
    private struct Read: Equatable {
        var thought = ""
        var speech = ""
        var arguments = ""
        var isComplete = false
    }

    private func plan(_ loop: AgentLoop = .heartbeat, thinks: Bool = true) -> TurnPlan {
        var plan = TurnPlan(tools: [])
        plan.loop = loop
        plan.thinksInArguments = thinks
        return plan
    }

    private func read(_ pieces: [String], _ plan: TurnPlan, speech: String? = nil, tool: TurnTool? = nil) -> Read {
        var reader = LoopArgumentReader(tool: tool, plan: plan, speech: speech)
        var read = Read()
        for piece in pieces.flatMap({ reader.add($0) }) + reader.finish() {
            switch piece {
            case .thought(let text): read.thought += text
            case .speech(let text): read.speech += text
            case .arguments(let text): read.arguments += text
            }
        }
        read.isComplete = reader.isComplete
        return read
    }

    static let texts: [(String, thought: String, speech: String, arguments: String)] = [
        (
            #"{"thinking": "hm", "message": "Hi", "request_heartbeat": true}"#, "hm", "Hi",
            #"{"message": "Hi", "request_heartbeat": true}"#
        ),
        (
            #"{"request_heartbeat":"True","a":{"thinking":["}\"",{}]},"thinking":"later"}"#, "later", "",
            #"{"a": {"thinking":["}\"",{}]}, "request_heartbeat": true}"#
        ),
        (#"{}"#, "", "", #"{"request_heartbeat": false}"#),
        (
            #" { "n" : -1.5e3 , "b":[true,null] } "#, "", "",
            #"{"n": -1.5e3, "b": [true,null], "request_heartbeat": false}"#
        ),
        (
            #"{"thinking": "a\n\"b\" \ud83e\udd89 \u00e9 🦉", "message": "\\ \ud83e\udd89é"}"#,
            "a\n\"b\" 🦉 é 🦉", "\\ 🦉é", #"{"message": "\\ \ud83e\udd89é", "request_heartbeat": false}"#
        ),
    ]

    @Test(arguments: texts)
    func `every way to cut a text gives the same`(
        _ text: String, thought: String, speech: String, arguments: String
    ) throws {
        let expected = Read(thought: thought, speech: speech, arguments: arguments, isComplete: true)
        #expect(read([text], plan(), speech: "message") == expected)
        #expect(read(text.unicodeScalars.map { String($0) }, plan(), speech: "message") == expected)
        for cut in text.unicodeScalars.indices {
            let pieces = [String(text[..<cut]), String(text[cut...])]
            #expect(read(pieces, plan(), speech: "message") == expected)
        }
        #expect(try JSONParser().parse(arguments).object != nil)
    }

    @Test func `what is not the loop's stays`() {
        let text = #"{"thinking": "x", "request_heartbeat": true}"#
        #expect(read([text], plan(.answering)).arguments == #"{"request_heartbeat": true}"#)
        #expect(read([text], plan(thinks: false)).arguments == text)
        var own = TurnTool(name: "ponder")
        own.ownsThought = true
        #expect(read([text], plan(), tool: own).arguments == text)
    }

    @Test(arguments: ["", "  "]) func `no text is an empty object`(_ text: String) {
        #expect(read([text], plan()) == Read(arguments: #"{"request_heartbeat": false}"#, isComplete: true))
    }

    @Test(arguments: [
        #"{"a": 1"#, "[1]", "nonsense", #"{"a" 1}"#, #"{"a": 1} x"#, #"{"a": "b"#, "{,}", #"{a: 1}"#, "{]",
    ])
    func `anything else is not whole`(_ text: String) {
        #expect(!read([text], plan()).isComplete)
        #expect(!read(text.map { String($0) }, plan()).isComplete)
        #expect(!LoopCall(text, tool: nil, plan: plan()).isObject)
    }

    @Test func `a value that is no JSON makes the call unreadable`() {
        let call = LoopCall(#"{"thinking": "x", "a": nope}"#, tool: nil, plan: plan())
        #expect(!call.isObject && call.thought == nil)
        #expect(call.arguments == #"{"request_heartbeat": false}"#)
    }

    @Test func `a thought is put back where it was`() {
        #expect(
            LoopArguments.text(#"{"a": 1, "request_heartbeat": true}"#, thinking: "hm")
                == "{\n  \"thinking\": \"hm\",\n  \"a\": 1,\n  \"request_heartbeat\": true\n}")
    }

    @Test func `schemas begin with the thought and end with the heartbeat`() {
        let schema: JSONValue = [
            "type": "object", "properties": ["a": ["type": "integer"], "b": ["type": "string"]], "required": ["a"],
        ]
        let added = LoopArguments.added(to: schema, thought: true, heartbeat: true)
        #expect(added["properties"]?.object?.keys == ["thinking", "a", "b", "request_heartbeat"])
        #expect(added["required"] == ["thinking", "a", "request_heartbeat"])
        #expect(LoopArguments.added(to: schema, thought: false, heartbeat: false) == schema)
        let own: JSONValue = ["type": "object", "properties": ["thinking": ["type": "integer"]]]
        let kept = LoopArguments.added(to: own, thought: true, heartbeat: false)
        #expect(kept["properties"] == own["properties"] && kept["required"] == [])
    }
}
