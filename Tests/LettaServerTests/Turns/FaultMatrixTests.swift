import Foundation
import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Every fault of a model's service, in every wire format and in both loops: it ends in a clear error or in a retry that
/// succeeds, and the next plain message of the same agent is answered.
@Suite(.timeLimit(.minutes(10))) struct FaultMatrixTests {
    /// How a fault ends.
    struct Fault: Sendable {
        var name: String
        /// The replies; the last one is repeated.
        var replies: [FakeOpenAI.Reply]
        /// The statuses that are right for it.
        var statuses: Set<Int>
        /// The text that is told, where it matters.
        var says: String?
    }

    enum Loop: String, CaseIterable {
        case answering = "letta_v1_agent"
        case heartbeat = "memgpt_v2_agent"
    }

    private static func answer(_ format: VendorFormat, _ loop: Loop, _ text: String) -> FakeOpenAI.Reply {
        let arguments = JSONWriter.string(of: ["message": .string(text)] as JSONValue)
        return format.reply(loop == .heartbeat ? format.call("send_message", arguments) : format.text(text))
    }

    private static func faults(_ format: VendorFormat, _ loop: Loop) -> [Fault] {
        let good = answer(format, loop, "good")
        let whole = loop == .heartbeat ? format.call("send_message", #"{"message": "good"}"#) : format.text("good")
        let call = format.call("nope", #"{"request_heartbeat": true}"#)
        let broken = format.call("conversation_search", #"{"query": ,, "#)
        func refusal(_ status: Int) -> FakeOpenAI.Reply { .json(format.refusal("scripted"), status: status) }
        let overflow = FakeOpenAI.Reply.json(format.overflow, status: 400)
        func cut(_ count: Int) -> Fault {
            let part = String(decoding: Array(whole.utf8)[..<count], as: UTF8.self)
            return Fault(
                name: "cut after \(count) bytes", replies: [.events(.bytes(part), .cut)], statuses: [200, 500])
        }
        let size = whole.utf8.count
        let step = TestRun.isLong ? 1 : max(1, size / 2)
        var faults = [
            Fault(name: "429", replies: [refusal(429)], statuses: [429], says: "scripted"),
            Fault(name: "500", replies: [refusal(500)], statuses: [500], says: "scripted"),
            Fault(name: "529", replies: [refusal(529)], statuses: [503], says: "scripted"),
            Fault(name: "429, then well", replies: [refusal(429), good], statuses: [200]),
            Fault(name: "overflow for ever", replies: [overflow], statuses: [400]),
            Fault(name: "overflow, then well", replies: [overflow, good], statuses: [200]),
            Fault(name: "garbage", replies: [format.reply(format.garbage)], statuses: [500]),
            Fault(name: "a web page", replies: [format.reply("<html>It works!</html>")], statuses: [500]),
            Fault(name: "an unknown tool", replies: [format.reply(call), good], statuses: [200]),
            Fault(name: "arguments that are no JSON", replies: [format.reply(broken), good], statuses: [200]),
            Fault(name: "an empty answer", replies: [format.reply(format.nothing)], statuses: [500], says: "empty"),
            Fault(name: "an empty answer, then well", replies: [format.reply(format.nothing), good], statuses: [200]),
            Fault(
                name: "a redirect to a private address",
                replies: [.json("", status: 307, headers: ["location": "http://169.254.169.254/latest/meta-data"])],
                statuses: [400, 500], says: "redirect"),
            Fault(
                name: "a gzip bomb",
                replies: [
                    FakeOpenAI.Reply(
                        headers: ["content-type": "text/event-stream", "content-encoding": "gzip"],
                        parts: [.data(bomb)])
                ], statuses: [500]),
        ]
        faults += stride(from: 0, to: size, by: step).map(cut)
        if TestRun.isLong || format.kind == .anthropic && loop == .answering {
            let large = String(repeating: "0123456789", count: 1_000_000)
            faults.append(Fault(name: "10 MB", replies: [answer(format, loop, large)], statuses: [200, 500]))
        }
        return faults
    }

    /// 64 MB of spaces, compressed twice.
    private static let bomb = Array(
        Data(
            base64Encoded: """
                H4sIAI9sDGsC/+3cr05CcRTA8SteN6ZMMTADwVt9AwrzTzAbNDMyEs3inImNxnwCgw/gZnM2u0FtPgDJORPsCvcxfufzSSefeHb2\
                3R/Xs8llY1ArZ6832dKomC4O9h43MwAAACBxo6/b9bXVUJQfp2cXAAAAQOr6O9t5dRSY99rH1gEAAADJu+t2mtWHwM/1MLcOAAAA\
                SF7r7/uougW8lU+75/YBAAAAyfsUDAAAAIBQBAMAAAAgFsEAAAAAiEUwAAAAAIIRDAAAAIBYBAMAAAAgFsEAAAAAiEUwAAAAAIIR\
                DAAAAIBYBAMAAAAglodup1g9BjR/y6vDk40MAACASJ63Zu8v98sh/wfifD5J4/4AAA==
                """) ?? Data())

    @Test(arguments: VendorFormat.all, Loop.allCases)
    func `a fault ends in order, and the next message is answered`(
        _ format: VendorFormat, _ loop: Loop
    ) async throws {
        try await format.serving(on: .sqlite) { fake, server, model in
            let agent = try await server.newAgent(["agent_type": .string(loop.rawValue), "model": model])
            for fault in Self.faults(format, loop) {
                for form: JSONObject in [[:], ["streaming": true, "stream_tokens": true]] {
                    play(fault.replies, fake)
                    expect(fault, try await server.say("one", to: agent, form))
                    fake.play(Self.answer(format, loop, "fine"))
                    let next = try await server.say("two", to: agent)
                    let said = next.json["messages"]?.array?.filter { $0["message_type"] == "assistant_message" }
                    #expect(next.status == 200, "after \(fault.name): \(next.text.prefix(400))")
                    #expect(said?.last?["content"] == "fine", "after \(fault.name): \(next.text.prefix(400))")
                }
                // A new context, so that what one fault leaves behind does not hide the next one.
                try await server.send(.patch, "/v1/agents/\(agent)/reset-messages").expect(200)
            }
        }
    }

    private func play(_ replies: [FakeOpenAI.Reply], _ fake: FakeOpenAI) {
        if replies.count > 1 { fake.play(replies[0], replies[1]) } else { fake.play(replies[0]) }
    }

    private func expect(_ fault: Fault, _ answer: Answer) {
        let note = Comment(rawValue: "\(fault.name): \(answer.text.prefix(600))")
        if let says = fault.says { #expect(answer.text.contains(says), note) }
        guard answer.text.hasPrefix("data: ") else {
            #expect(fault.statuses.contains(answer.status), note)
            if answer.status != 200 {
                #expect(answer.json["error"]?["detail"]?.string?.isEmpty == false, note)
            }
            return
        }
        let events = StreamedEvent.all(in: answer.text)
        #expect(events.last?.text == "[DONE]", note)
        #expect(events.count { $0.type == "stop_reason" } == 1, note)
        let hasFailed = events.contains { $0.name == "error" }
        #expect(fault.statuses == [200] ? !hasFailed : fault.statuses.contains(200) || hasFailed, note)
    }

    @Test(arguments: VendorFormat.all, [false, true])
    func `a silence ends at the deadline in every format`(_ format: VendorFormat, _ hasBegun: Bool) async throws {
        let clock = ManualClock()
        try await format.serving(on: .sqlite, clock: clock, retries: 0) { fake, server, model in
            let begun = String(decoding: Array(format.text("good").utf8).prefix(20), as: UTF8.self)
            for loop in Loop.allCases {
                let agent = try await server.newAgent(["agent_type": .string(loop.rawValue), "model": model])
                fake.play(hasBegun ? .events(.bytes(begun), .hang) : .events(.hang))
                let answer = try await withThrowingTaskGroup(of: Answer?.self) { group in
                    group.addTask { try await server.say("one", to: agent) }
                    group.addTask {
                        for await _ in fake.silences { break }
                        // The deadline may be set after the service has fallen silent.
                        while !Task.isCancelled {
                            clock.advance(by: .seconds(120))
                            await Task.yield()
                        }
                        return nil
                    }
                    defer { group.cancelAll() }
                    return try await group.next() ?? nil
                }
                answer?.expect(500, ["error": ["type": "llm_error"]])
                #expect(answer != nil)
                fake.play(Self.answer(format, loop, "fine"))
                try await server.say("two", to: agent).expect(200)
            }
        }
    }
}
