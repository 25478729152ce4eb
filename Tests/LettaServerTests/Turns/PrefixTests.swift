import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// What an agent sends begins with what it sent before, byte by byte, so that services can cache it.
@Suite(.timeLimit(.minutes(2))) struct PrefixTests {
    /// The texts of what comes before the messages and of each message. What a format appends because a conversation
    /// can't end otherwise is no message.
    private func pieces(_ body: JSONValue, _ format: VendorFormat) -> (head: [String], messages: [String]) {
        let head = ["system", "systemInstruction", "tools", "model"].compactMap { key in
            body[key].map { "\(key): \(JSONWriter.string(of: $0))" }
        }
        return (head, body[format.messages]?.array?.map { JSONWriter.string(of: $0) } ?? [])
    }

    private func expectPrefixes(_ requests: [FakeOpenAI.Received], _ format: VendorFormat, _ note: Comment) {
        #expect(requests.count > 3, note)
        for (before, after) in zip(requests, requests.dropFirst()) {
            let (old, new) = (pieces(before.body, format), pieces(after.body, format))
            #expect(new.head == old.head, note)
            #expect(new.messages.count > old.messages.count, note)
            #expect(Array(new.messages.prefix(old.messages.count)) == old.messages, note)
        }
    }

    @Test(arguments: Engines.scenarios, VendorFormat.all)
    func `requests begin with the bytes of those before, over steps, days and restarts`(
        _ engine: TestEngine, _ format: VendorFormat
    ) async throws {
        for type in ["letta_v1_agent", "memgpt_v2_agent"] {
            let time = SettableTime()
            try await format.serving(on: engine, { $0.now = { time.now } }) { fake, server, model in
                let speaks = type == "memgpt_v2_agent"
                let agent = try await server.newAgent([
                    "agent_type": .string(type), "model": model, "timezone": "Europe/Berlin",
                ])
                let answer = format.reply(
                    speaks ? format.call("send_message", #"{"message": "fine"}"#) : format.text("fine"))
                let search = format.reply(
                    format.call("conversation_search", #"{"query": "tea", "request_heartbeat": true}"#))
                let unknown = format.reply(format.call("nope", #"{"request_heartbeat": true}"#))
                func say(_ text: String, _ replies: FakeOpenAI.Reply...) async throws {
                    switch replies.count {
                    case 1: fake.play(replies[0])
                    case 2: fake.play(replies[0], replies[1])
                    default: fake.play(replies[0], replies[1], replies[2])
                    }
                    let told = try await server.say(text, to: agent)
                    #expect(told.status == 200, "\(told.text)")
                }
                try await say("one", answer)
                try await say("two", search, answer)
                time.pass(hours: 30)
                try await say("three", unknown, search, answer)
                try await server.restart()
                time.pass(hours: 50)
                try await say("four", search, answer)
                try await say("five", answer)
                expectPrefixes(fake.received, format, "\(type)")
                let last = JSONWriter.string(of: fake.received.last?.body ?? .null)
                #expect(last.contains("[Today is"), "the days are told")
            }
        }
    }
}
