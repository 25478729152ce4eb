import JSON
import ModelProviders
import Testing

@testable import AgentEngine

private let idEnd = "1234-4000-8000-0000000000ff"

private func message(
    _ role: TurnMessage.Role, _ parts: [TurnMessage.Part], id: String = "1", name: String? = nil, otid: String? = nil
) -> TurnMessage {
    TurnMessage(
        id: "message-0000000\(id)-\(idEnd)", role: role, parts: parts, name: name, otid: otid, stepID: "step-1",
        runID: "run-1", createdAt: 1_795_400_754_123_456)
}

private func call(_ id: String, _ name: String = "add", needsApproval: Bool = false) -> TurnMessage.Part {
    .toolCall(TurnMessage.ToolCall(id: id, name: name, arguments: #"{"a": 1}"#, needsApproval: needsApproval))
}

private func result(_ id: String, _ value: JSONValue = "3", succeeded: Bool = true) -> TurnMessage.Part {
    .toolReturn(TurnMessage.ToolReturn(callID: id, result: value, succeeded: succeeded, stdout: ["x"], stderr: []))
}

@Suite(.timeLimit(.minutes(2))) struct TurnMessageTests {
    static let parts: [TurnMessage.Part] = [
        .text("hello"),
        .image(TurnMessage.Image(.data(base64: "aGk=", mediaType: "image/png", fileID: "file-1"), detail: "low")),
        .image(TurnMessage.Image(.data(base64: "aGk=", mediaType: "image/png", fileID: nil))),
        .image(TurnMessage.Image(.url("https://example.org/a.png"))),
        .reasoning(TurnMessage.Reasoning("thought", signature: "seal")),
        call("call-1"),
        call("call-2", needsApproval: true),
        result("call-1", ["a": 1]),
        .toolReturn(TurnMessage.ToolReturn(callID: "c", result: "no", succeeded: false)),
    ]

    @Test(arguments: parts)
    func aPartIsReadBackAsItWasStored(_ part: TurnMessage.Part) {
        #expect(TurnMessage.Part(json: part.json) == part)
    }

    @Test func whatIsNoPartIsRefused() {
        #expect(TurnMessage.Part(json: ["type": "text"]) == nil)
        #expect(TurnMessage.Part(json: ["type": "zzz"]) == nil)
        #expect(TurnMessage.Part(json: "text") == nil)
    }

    static let python: [(value: JSONValue, text: String)] = [
        (nil, "None"), (true, "True"), (3, "3"), (1.0, "1.0"), ("plain", "plain"),
        ([1, "a"], "[1, 'a']"), (["a": ["it's", "\"", "'\"\n\u{1}"]], #"{'a': ["it's", '"', '\'"\n\x01']}"#),
    ]

    @Test(arguments: python)
    func resultsAreShownAsPythonShowsThem(_ row: (value: JSONValue, text: String)) {
        #expect(PythonText.text(of: row.value) == row.text)
    }

    @Test func longResultsAreCutWithANote() {
        #expect(JSONValue.string("héllo").cut(toCharacters: 5) == "héllo")
        #expect(
            JSONValue.string("héllo!").cut(toCharacters: 3)
                == "hél... [NOTE: function output was truncated since it exceeded the character limit (6 > 3)]")
        let object: JSONValue = ["a": "b"]
        #expect(object.cut(toCharacters: 10) == object)
        #expect(object.cut(toCharacters: 4).string?.hasPrefix("{'a'... [NOTE") == true)
    }
}

@Suite(.timeLimit(.minutes(2))) struct ModelMessageTests {
    @Test func aHistoryIsSaidAsProvidersExpectIt() {
        let long = "call_0123456789012345678901234567890"
        let history = [
            message(.system, [.text("You are.")]),
            message(.user, [.text("hi")], name: "bob"),
            message(.assistant, [.reasoning(.init("hm")), .text("I will add"), call(long)], id: "2"),
            message(.tool, [result(long, ["a": 1])], id: "3"),
            message(.assistant, [.text("done")], id: "4"),
            message(
                .user, [.text("see"), .image(.init(.data(base64: "aGk=", mediaType: "image/png", fileID: nil)))],
                id: "5"),
        ]
        let short = "call_012345678901234567890123"
        #expect(short.utf8.count == 29)
        let packed = """
            {
              "status": "OK",
              "message": {
                "a": 1
              },
              "time": "2026-11-23 02:25:54 AM UTC+0000"
            }
            """
        #expect(
            ModelMessage.messages(for: history, zone: "UTC") == [
                .system("You are."),
                .user([.text("hi")], name: "bob"),
                .assistant(
                    text: "I will add", reasoning: "hm",
                    toolCalls: [ModelToolCall(id: short, name: "add", arguments: #"{"a": 1}"#)]),
                .tool(callID: short, text: packed),
                .assistant(text: "done"),
                .user([.text("see"), .image(url: "data:image/png;base64,aGk=", detail: "auto")]),
            ])
    }

    @Test func oneMessageOfResultsBecomesOneForEachCall() {
        let history = [
            message(.assistant, [call("a"), call("b")]),
            message(.tool, [result("b", "2", succeeded: false), result("a", "1")], id: "2"),
        ]
        let messages = ModelMessage.messages(for: history, zone: "UTC")
        guard messages.count == 3, case .tool("a", let first) = messages[1], case .tool("b", let second) = messages[2]
        else {
            Issue.record("unexpected: \(messages)")
            return
        }
        #expect(first.contains(#""status": "OK""#) && first.contains(#""message": "1""#))
        #expect(second.contains(#""status": "Failed""#))
    }

    @Test func longResultsAreCutInTheRequestOnly() {
        let history = [message(.assistant, [call("a")]), message(.tool, [result("a", "123456")], id: "2")]
        let messages = ModelMessage.messages(for: history, zone: "UTC", returnLimit: 3)
        guard case .tool(_, let text)? = messages.last else {
            Issue.record("no result")
            return
        }
        #expect(text.contains("123... [NOTE: function output was truncated"))
        #expect(ModelMessage.returnLimit(contextWindow: 4_096) == 5_000)
        #expect(ModelMessage.returnLimit(contextWindow: 100_000) == 80_000)
    }

    @Test func thoughtAloneIsNotSaid() {
        #expect(ModelMessage.messages(for: [message(.assistant, [.reasoning(.init("hm"))])], zone: "UTC").isEmpty)
    }
}

@Suite(.timeLimit(.minutes(2))) struct HistoryRepairTests {
    private let interrupted: JSONValue =
        "Error: the call of add was interrupted and has no result. It may have taken effect."

    @Test func aCallWithoutResultGetsAnError() {
        let history = [
            message(.user, [.text("hi")]), message(.assistant, [call("a"), call("b")], id: "2"),
            message(.tool, [result("b")], id: "3"), message(.user, [.text("still there?")], id: "4"),
        ]
        #expect(HistoryRepair.openCalls(in: history).map(\.calls).map { $0.map(\.id) } == [["a"]])
        #expect(HistoryRepair.openCalls(in: history).map(\.messageID) == [history[1].id])
        let repaired = HistoryRepair.repaired(history)
        #expect(repaired.map(\.role) == [.user, .assistant, .tool, .user])
        #expect(repaired[2].toolReturns.map(\.callID) == ["a", "b"])
        #expect(repaired[2].toolReturns.map(\.succeeded) == [false, true])
        #expect(repaired[2].toolReturns[0].result == interrupted)
        #expect(HistoryRepair.openCalls(in: repaired).isEmpty)
    }

    @Test func aTurnThatDiedBetweenCallAndResultCanGoOn() {
        let history = [message(.assistant, [call("a")])]
        #expect(HistoryRepair.repaired(history).map(\.role) == [.assistant, .tool])
        let closing = HistoryRepair.closing(
            history[0].toolCalls, id: "message-9", stepID: "step-1", runID: nil, createdAt: 5)
        #expect(closing.toolReturns.map(\.result) == [interrupted])
        #expect(closing.name == "add")
        #expect(HistoryRepair.openCalls(in: history + [closing]).isEmpty)
    }

    @Test func resultsWithoutCallAreDropped() {
        let history = [
            message(.tool, [result("gone")]), message(.user, [.text("hi")], id: "2"),
            message(.assistant, [call("a")], id: "3"), message(.tool, [result("a"), result("zz")], id: "4"),
            message(.tool, [result("a", "again")], id: "5"),
        ]
        let repaired = HistoryRepair.repaired(history)
        #expect(repaired.map(\.role) == [.user, .assistant, .tool])
        #expect(repaired[2].toolReturns.map(\.result) == ["3"])
    }

    @Test func aMessageBetweenCallAndResultIsPutBehindThem() {
        let history = [
            message(.assistant, [call("a")]), message(.user, [.text("hurry")], id: "2"),
            message(.tool, [result("a")], id: "3"),
        ]
        #expect(HistoryRepair.repaired(history).map(\.role) == [.assistant, .tool, .user])
    }

    @Test func idsThatAProviderUsesAgainBelongToTheirOwnTurn() {
        let history = [
            message(.assistant, [call("call_0")]), message(.tool, [result("call_0", "first")], id: "2"),
            message(.assistant, [call("call_0")], id: "3"),
        ]
        #expect(HistoryRepair.repaired(history).flatMap(\.toolReturns).map(\.succeeded) == [true, false])
        let diedFirst = [history[0], history[2], message(.tool, [result("call_0", "second")], id: "4")]
        #expect(HistoryRepair.repaired(diedFirst).flatMap(\.toolReturns).map(\.succeeded) == [false, true])
    }

    @Test func aSoundHistoryStaysAsItIs() {
        let history = [
            message(.system, [.text("s")]), message(.user, [.text("hi")], id: "2"),
            message(.assistant, [call("a")], id: "3"), message(.tool, [result("a")], id: "4", name: "add"),
            message(.assistant, [.text("done")], id: "5"),
        ]
        #expect(HistoryRepair.repaired(history) == history)
    }
}

@Suite(.timeLimit(.minutes(2))) struct WireMessageTests {
    private func json(_ message: TurnMessage, _ view: WireMessage.View = .answer) -> [String] {
        WireMessage.entries(of: message, for: view).map { JSONWriter.string(of: $0) }
    }

    private func head(_ type: String, otid: String, name: String = "null") -> String {
        """
        {"id":"message-00000001-1234-4000-8000-0000000000ff","date":"2026-11-23T02:25:54+00:00","name":\(name),\
        "message_type":"\(type)","otid":\(otid),"sender_id":null,"step_id":"step-1","is_err":null,"seq_id":null,\
        "run_id":"run-1",
        """
    }

    private func otid(_ end: String) -> String { "\"00000001-1234-4000-8000-0000000000\(end)\"" }

    @Test func thoughtAndTextAreTwoEntries() {
        let message = message(.assistant, [.reasoning(.init("let me think")), .text("answer")])
        #expect(
            json(message) == [
                head("reasoning_message", otid: otid("80"))
                    + #""source":"reasoner_model","reasoning":"let me think","signature":null}"#,
                head("assistant_message", otid: otid("81")) + #""content":"answer"}"#,
            ])
    }

    @Test func textBesideACallIsOnlyListed() {
        let message = message(.assistant, [.text("I will add"), call("call-1")])
        let calls = """
            "tool_call":{"name":"add","arguments":"{\\"a\\": 1}","tool_call_id":"call-1"},\
            "tool_calls":[{"name":"add","arguments":"{\\"a\\": 1}","tool_call_id":"call-1"}]}
            """
        #expect(json(message) == [head("tool_call_message", otid: otid("80")) + calls])
        #expect(
            json(message, .list) == [
                head("assistant_message", otid: otid("80")) + #""content":"I will add"}"#,
                head("tool_call_message", otid: otid("81")) + calls,
            ])
    }

    @Test func severalResultsAreOneEntryThatRepeatsTheFirst() {
        let failed = TurnMessage.ToolReturn(callID: "call-2", result: ["a": 1], succeeded: false, stderr: ["E"])
        let message = message(.tool, [result("call-1"), .toolReturn(failed)], name: "add")
        let first = #""tool_return":"3","status":"success","tool_call_id":"call-1","stdout":["x"],"stderr":[]"#
        #expect(
            json(message) == [
                head("tool_return_message", otid: otid("80"), name: "\"add\"") + first
                    + #","tool_returns":[{"type":"tool",\#(first)},{"type":"tool","tool_return":"{'a': 1}","#
                    + #""status":"error","tool_call_id":"call-2","stdout":null,"stderr":["E"]}]}"#
            ])
    }

    @Test func callsThatWaitForConsentAreAskedFor() {
        let message = message(.assistant, [call("call-1"), call("call-2", "boom", needsApproval: true)])
        let entries = WireMessage.entries(of: message, for: .answer)
        #expect(entries.map(\.messageType) == ["tool_call_message", "approval_request_message"])
        #expect(entries[1].otid == message.id)
        #expect(
            json(message)[1].hasSuffix(
                #""tool_call":{"name":"boom","arguments":"{\"a\": 1}","tool_call_id":"call-2"},"#
                    + #""tool_calls":[{"name":"boom","arguments":"{\"a\": 1}","tool_call_id":"call-2"}]}"#))
    }

    @Test func whatUsersSaidKeepsItsFormAndOtid() {
        #expect(
            json(message(.user, [.text("hi")], otid: "my-otid"))
                == [head("user_message", otid: "\"my-otid\"") + #""content":"hi"}"#])
        #expect(json(message(.system, [.text("s")])) == [head("system_message", otid: "null") + #""content":"s"}"#])
        let image = TurnMessage.Image(.data(base64: "aGk=", mediaType: "image/png", fileID: "file-1"))
        #expect(
            json(message(.user, [.text("see"), .image(image)])) == [
                head("user_message", otid: "null")
                    + #""content":[{"type":"text","text":"see","signature":null},{"type":"image","source":"#
                    + #"{"type":"letta","file_id":"file-1","media_type":"image/png","data":"aGk=","detail":null}}]}"#
            ])
    }

    @Test func aTextPieceOfACallLeavesOutWhatDoesNotChange() {
        var entry = WireMessage(
            id: "message-1", createdAt: 0, sequence: 7,
            body: .toolCallDelta(.init(name: "add", arguments: nil, id: "c")))
        let head = """
            {"id":"message-1","date":"1970-01-01T00:00:00+00:00","name":null,"message_type":"tool_call_message",\
            "otid":null,"sender_id":null,"step_id":null,"is_err":null,"seq_id":7,"run_id":null,
            """
        #expect(
            JSONWriter.string(of: entry)
                == head + #""tool_call":{"name":"add","tool_call_id":"c"},"#
                + #""tool_calls":{"name":"add","tool_call_id":"c"}}"#)
        entry.body = .approvalRequestDelta(.init(name: nil, arguments: "{", id: "c"))
        #expect(
            JSONWriter.string(of: entry).hasSuffix(
                #""tool_call":{"name":null,"arguments":"{","tool_call_id":"c"},"tool_calls":{"name":null,"#
                    + #""arguments":"{","tool_call_id":"c"}}"#))
    }

    @Test func theIndexReplacesTheLowSevenBits() {
        #expect(WireMessage.otid(messageID: "message-0-7f", index: 3) == "0-03")
        #expect(WireMessage.otid(messageID: "message-0-ff", index: 3) == "0-83")
        #expect(WireMessage.otid(messageID: "strange", index: 3) == "strange")
    }
}
