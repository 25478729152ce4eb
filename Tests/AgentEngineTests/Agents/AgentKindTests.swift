import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct AgentKindTests {
    @Test func `the wire names in their order`() {
        #expect(
            AgentKind.allCases.map(\.rawValue) == [
                "memgpt_agent", "memgpt_v2_agent", "letta_v1_agent", "react_agent", "workflow_agent",
                "split_thread_agent", "sleeptime_agent", "voice_convo_agent", "voice_sleeptime_agent",
            ])
    }

    @Test func `two kinds cannot be made as they are`() {
        #expect(throws: AgentKindRefusal.notSupported(.splitThread)) {
            try AgentKind.splitThread.checkCreatable(enableSleeptime: true)
        }
        #expect(throws: AgentKindRefusal.needsSleeptime(.voiceConversation)) {
            try AgentKind.voiceConversation.checkCreatable(enableSleeptime: false)
        }
        #expect(throws: Never.self) { try AgentKind.voiceConversation.checkCreatable(enableSleeptime: true) }
    }

    @Test func `the others can`() {
        for kind in AgentKind.allCases where kind != .splitThread && kind != .voiceConversation {
            #expect(throws: Never.self) { try kind.checkCreatable(enableSleeptime: false) }
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct AgentNamesTests {
    @Test func `names are two capitalised words of letters`() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let name = AgentNames.random(using: &generator)
            #expect(try #/[A-Z][a-z]+[A-Z][a-z]+/#.wholeMatch(in: name) != nil)
        }
    }

    @Test func `the same generator gives the same name`() {
        var first = CountingGenerator()
        var second = CountingGenerator()
        #expect(AgentNames.random(using: &first) == AgentNames.random(using: &second))
    }

    @Test func `every word is there once`() {
        for list in [AgentNames.qualities, AgentNames.things] {
            #expect(list.count >= 100)
            #expect(Set(list).count == list.count)
        }
    }

    private struct CountingGenerator: RandomNumberGenerator {
        var state: UInt64 = 0

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            return state
        }
    }
}
