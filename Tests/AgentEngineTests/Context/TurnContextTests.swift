import ModelProviders
import Testing

@testable import AgentEngine

/// The requests of a turn follow from its context.
@Suite(.timeLimit(.minutes(2))) struct TurnContextTests {
    private func message(_ text: String, _ role: TurnMessage.Role = .user) -> TurnMessage {
        TurnMessage(id: "message-\(text)", role: role, parts: [.text(text)], createdAt: 0)
    }

    private var context: TurnContext {
        TurnContext(model: .init(name: "m", contextWindow: 10_000), runID: "run-1", zone: "UTC")
    }

    private let call = ModelCall(tools: [], toolChoice: .auto, parallelToolCalls: false)

    @Test func `a system message replaces the one that is there, and no other message`() {
        var context = context
        context.history = [message("Hi")]
        context.setSystemMessage(message("one", .system))
        #expect(context.history.compactMap(\.text) == ["one", "Hi"])
        context.setSystemMessage(message("two", .system))
        #expect(context.history.compactMap(\.text) == ["two", "Hi"])
    }

    @Test func `the system message of one turn replaces or follows the agent's`() {
        var context = context
        context.history = [message("mine", .system), message("Hi")]
        context.skills = "skills"
        #expect(context.request(call).messages.first == .system("mine\n\nskills"))
        context.overrideSystem = "other"
        #expect(context.request(call).messages.first == .system("other"))
        #expect(context.history.first?.text == "mine")
    }
}
