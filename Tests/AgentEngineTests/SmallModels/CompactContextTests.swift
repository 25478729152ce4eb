import JSON
import ModelProviders
import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct CompactContextTests {
    private func message(_ role: TurnMessage.Role, _ parts: TurnMessage.Part...) -> TurnMessage {
        TurnMessage(id: "message-1", role: role, parts: parts, createdAt: 0)
    }

    private func context(
        _ blocks: [MemoryBlock] = [], system: String? = nil, budget: Int = 8_000
    ) -> CompactContext {
        CompactContext(system: system, blocks: blocks, budget: budget)
    }

    private func block(_ label: String, _ value: String) -> MemoryBlock {
        MemoryBlock(label: label, value: value, limit: 1_000)
    }

    private func system(_ messages: [ModelMessage]) -> String {
        if case .system(let text)? = messages.first { text } else { "" }
    }

    @Test func memoryIsSaidInSentencesWithoutTags() {
        let blocks = [
            block("persona", "I am Ada."), block("human", "Likes tea."), block("plans", "Porto in May."),
            block("empty", ""),
        ]
        let text = system(context(blocks, system: "Speak Latin.").messages(for: [message(.user, .text("Hi"))]))
        #expect(
            text == """
                Speak Latin.
                I am Ada.

                What you know about the user:
                Likes tea.

                Your notes on plans:
                Porto in May.

                \(PromptText.smallModelAnswer)
                """)
    }

    @Test func whatThePersonWroteOfThemselvesIsSaidOfTheUser() {
        let blocks = [
            block(
                "human",
                "My name is Ann. I live in the US.\n- I'm a nurse\nThe user's dog says: I bark.\nMiez is a cat."),
            block("plans", "I want to see Porto."),
        ]
        let text = system(context(blocks).messages(for: [message(.user, .text("Hi"))]))
        #expect(
            text.contains(
                """
                What you know about the user:
                The user's name is Ann. The user lives in the US.
                - The user is a nurse
                The user's dog says: I bark.
                Miez is a cat.

                Your notes on plans:
                I want to see Porto.
                """), "\(text)")
    }

    @Test func `the largest window takes the newest messages`() {
        let history = (1...50).flatMap { [message(.user, .text("\($0)")), message(.assistant, .text("yes"))] }
        let messages = context(budget: .max).messages(for: history + [message(.user, .text("51"))]).dropFirst()
        #expect(messages.count == 7)
        #expect(messages.first == .user([.text("48")]) && messages.last == .user([.text("51")]))
    }

    @Test func aHintIsBehindTheLastWordsOfTheUser() {
        var context = context()
        context.hint = "From your memory: tea."
        let history = [
            message(.user, .text("Hi")), message(.assistant, .text("Hello.")),
            message(.user, .text("What do I drink?")),
        ]
        let messages = context.messages(for: history)
        #expect(system(messages) == system(self.context().messages(for: history)))
        #expect(messages.last == .user([.text("What do I drink?\n\n[From your memory: tea.]")]))
        #expect(messages[1] == .user([.text("Hi")]))
    }

    @Test func callsAndResultsStayOut() {
        let history = [
            message(.system, .text("long")), message(.user, .text("Remember tea.")),
            message(.assistant, .toolCall(.init(id: "c", name: "memory_insert", arguments: "{}"))),
            message(.tool, .toolReturn(.init(callID: "c", result: "tea", succeeded: true))),
            message(.assistant, .text("Done.")), message(.user, .text("Thanks")),
        ]
        #expect(
            context().messages(for: history).dropFirst() == [
                .user([.text("Remember tea.")]), .assistant(text: "Done."), .user([.text("Thanks")]),
            ])
    }

    @Test func whatAToolFoundInThisTurnIsBehindTheUsersWords() {
        let history = [
            message(.user, .text("Weather?")),
            message(
                .assistant, .toolCall(.init(id: "c", name: "weather", arguments: "{}")),
                .toolCall(.init(id: "d", name: "memory_insert", arguments: "{}"))),
            message(
                .tool, .toolReturn(.init(callID: "c", result: "sunny", succeeded: true)),
                .toolReturn(.init(callID: "d", result: "x", succeeded: true))),
        ]
        #expect(
            context().messages(for: history).dropFirst() == [
                .user([.text("Weather?\n\n[The tool weather answered: sunny]")])
            ])
        let later = context().messages(for: history + [message(.user, .text("And now?"))])
        #expect(later.dropFirst() == [.user([.text("Weather?")]), .user([.text("And now?")])])
    }

    @Test func theNewestThatFitsIsKeptAndAlwaysTheLast() {
        let long = String(repeating: "word ", count: 400)
        let history = (1...20).flatMap { number in
            [message(.user, .text("\(number) \(long)")), message(.assistant, .text("\(number)"))]
        }
        let messages = context(budget: 4_000).messages(for: history).dropFirst()
        #expect(messages.count == 8)
        guard case .user(let parts, _)? = messages.first else {
            Issue.record("the first is \(messages)")
            return
        }
        #expect(parts == [.text("17 \(long)")])
        let last = [message(.user, .text(String(repeating: long, count: 40)))]
        #expect(context(budget: 100).messages(for: history + last).count == 2)
    }
}
