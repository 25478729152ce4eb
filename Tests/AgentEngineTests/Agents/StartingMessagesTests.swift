import JSON
import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct StartingMessagesTests {
    private let createdAt: Int64 = 1_795_443_954_000_000

    private func messages(
        _ kind: AgentKind, _ sequence: [StartingMessages.Given]? = nil, zone: String = "UTC"
    ) -> [StartingMessage] {
        var calls = 0
        return StartingMessages.messages(for: kind, sequence: sequence, createdAt: createdAt, zone: zone) {
            calls += 1
            return "call-\(calls)"
        }
    }

    @Test(arguments: [AgentKind.memgpt, .memgptV2, .react, .workflow, .voiceConversation])
    func `some kinds start with a greeting and a login`(_ kind: AgentKind) throws {
        let messages = messages(kind)
        #expect(messages.map(\.role) == [.assistant, .tool, .user])

        let assistant = try #require(messages.first)
        #expect(assistant.texts.count == 1)
        #expect(assistant.toolCalls.map(\.name) == ["send_message"])
        #expect(assistant.toolCalls.first?.arguments.keys == ["message"])
        #expect(messages[1].returnsCall == assistant.toolCalls.first?.id)
        #expect(messages[1].returnsTool == "send_message")
        #expect(
            messages[1].texts == [
                "{\n  \"status\": \"OK\",\n  \"message\": null,\n  \"time\": \"2026-11-23 02:25:54 PM UTC+0000\"\n}"
            ])
        #expect(
            messages[2].texts == [
                """
                {
                  "type": "login",
                  "last_login": "Never (first login)",
                  "time": "2026-11-23 02:25:54 PM UTC+0000"
                }
                """
            ])
    }

    @Test(arguments: [AgentKind.lettaV1, .sleeptime, .voiceSleeptime])
    func `the others start with nothing`(_ kind: AgentKind) {
        #expect(messages(kind).isEmpty)
    }

    @Test func `an empty sequence leaves nothing`() {
        #expect(messages(.memgpt, []).isEmpty)
    }

    @Test func `a given sequence replaces the usual one, on any kind`() {
        let sequence: [StartingMessages.Given] = [
            .init(role: .user, text: "hi"), .init(role: .assistant, text: "hello"), .init(role: .system, text: "note"),
            .init(role: .assistant, text: "again"),
        ]
        for kind in [AgentKind.lettaV1, .memgpt] {
            let messages = messages(kind, sequence)
            #expect(messages.map(\.role) == [.user, .assistant, .tool, .system, .assistant, .tool])
            #expect(messages[0].texts == ["hi"])
            #expect(messages[1].texts.isEmpty)
            #expect(messages[1].toolCalls.first?.arguments["message"] == "hello")
            #expect(messages[3].texts == ["note"])
            #expect(messages.compactMap(\.returnsCall) == ["call-1", "call-2"])
        }
    }

    @Test func `times are the agent's`() {
        #expect(messages(.memgpt, zone: "Asia/Kolkata")[1].texts[0].contains("07:55:54 PM IST+0530"))
    }

    @Test func `an object stays an object in a packed result`() {
        #expect(
            PackedText.toolReturn(["a": 1], succeeded: false, time: "T")
                == "{\n  \"status\": \"Failed\",\n  \"message\": {\n    \"a\": 1\n  },\n  \"time\": \"T\"\n}")
    }
}
