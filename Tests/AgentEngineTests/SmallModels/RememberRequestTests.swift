import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct RememberRequestTests {
    static let requests = [
        "Please remember that I live in Porto.", "remember: no sugar", "Hi! My name is Ann.", "Don't forget my keys",
        "Don’t forget my keys!", "I moved. Note that, please.", "Keep\nin  mind that I am vegetarian", "(Call me Al)",
        "Do you know me? Then remember my birthday: 3 May.", "REMEMBER THIS",
    ]
    static let others = [
        "", "Hello!", "Do you remember my name?", "What did I ask you to remember?", "I bought it in a store.",
        "It was a memorable day.", "Remembering is hard", "?", "...",
    ]

    @Test(arguments: requests) func isMade(_ text: String) {
        #expect(RememberRequest.isMade(in: text))
    }

    @Test(arguments: others) func isNotMade(_ text: String) {
        #expect(!RememberRequest.isMade(in: text))
    }
}
