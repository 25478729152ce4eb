import JSON
import TestSupport
import Testing

/// While nothing happens in a stream it says every 30 s that the turn is still at work.
@Suite(.timeLimit(.minutes(2))) struct KeepAliveTests {
    @Test(arguments: Engines.scenarios, [false, true])
    func `a silence is broken by pings`(_ engine: TestEngine, _ inBackground: Bool) async throws {
        let clock = ManualClock()
        try await withServer(on: engine, { $0.clock = clock }) { server in
            let agent = try await server.newAgent()
            let hold = ScriptedModel.Hold()
            server.model.play(.hold(hold, then: .say("at last")))
            async let streamed = server.stream("Hi", to: agent, ["background": .bool(inBackground)])
            await hold.reached()
            for _ in 0..<2 {
                await clock.waitForSleepers(1)
                clock.advance(by: .seconds(29))
                clock.advance(by: .seconds(1))
            }
            // The reader has sent its last ping when it waits anew.
            await clock.waitForSleepers(1)
            hold.release()
            let events = try await streamed
            #expect(
                events.map(\.type) == [
                    "ping", "ping", "ping", "assistant_message", "stop_reason", "usage_statistics", "[DONE]",
                ])
            let pings = events.filter { $0.type == "ping" }.map(\.json)
            #expect(Set(pings.compactMap { $0["id"]?.string }).count == 3)
            #expect(Set(pings.compactMap { $0["run_id"]?.string }).count == 1)
            #expect(pings.map { $0["seq_id"]?.int } == (inBackground ? [1, 1, 1] : [nil, nil, nil]))
            #expect(Set(pings.map { ping in ping.object?.map { $0.0 } ?? [] }).count == 1, "all of one shape")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `no ping comes where none is wanted, nor a moment too early`(_ engine: TestEngine) async throws {
        let clock = ManualClock()
        try await withServer(on: engine, { $0.clock = clock }) { server in
            let agent = try await server.newAgent()
            let holds = [ScriptedModel.Hold(), ScriptedModel.Hold()]
            server.model.play(.hold(holds[0], then: .say("one")), .hold(holds[1], then: .say("two")))
            async let silent = server.stream("Hi", to: agent, ["include_pings": false])
            await holds[0].reached()
            clock.advance(by: .seconds(3_600))
            holds[0].release()
            #expect(try await silent.map(\.type) == ["assistant_message", "stop_reason", "usage_statistics", "[DONE]"])
            async let patient = server.stream("Hi", to: agent)
            await holds[1].reached()
            await clock.waitForSleepers(1)
            clock.advance(by: .milliseconds(29_999))
            holds[1].release()
            #expect(
                try await patient.map(\.type) == [
                    "ping", "assistant_message", "stop_reason", "usage_statistics", "[DONE]",
                ])
        }
    }
}
