import JSON
import ModelProviders
import Testing

@testable import AgentEngine

/// What leaves a context, and what takes its place.
@Suite(.timeLimit(.minutes(2))) struct CompactionTests {
    private static func message(_ role: TurnMessage.Role, _ text: String, run: String? = nil) -> TurnMessage {
        TurnMessage(id: "message-\(text)", role: role, parts: [.text(text)], runID: run, createdAt: 0)
    }

    /// A system message and six turns.
    private static let history: [TurnMessage] =
        [message(.system, "s")] + (0..<6).flatMap { [message(.user, "u\($0)"), message(.assistant, "a\($0)")] }

    @Test func `a partial cut takes three tenths, up to an assistant message, and more where that does not fit`() {
        let small = ContextCut(.slidingWindow, of: Self.history) { _ in true }
        #expect(small?.evicted == 1..<4 && small?.isPartial == true)
        let tight = ContextCut(.slidingWindow, of: Self.history) { $0 >= 9 }
        #expect(tight?.evicted == 1..<10)
        #expect(ContextCut(.slidingWindow, of: Self.history) { _ in false } == nil)
        #expect(ContextCut(.all, of: Self.history) { _ in false }?.evicted == 1..<13)
        #expect(ContextCut(.all, of: [Self.message(.system, "s")]) { _ in true } == nil)
    }

    @Test func `what the turn is at work on remains`() {
        var history = Self.history
        history += ["new", "more"].map { Self.message(.user, $0, run: "run-1") }
        #expect(ContextCut.tail(of: history, isAtWork: true) == 13)
        #expect(ContextCut.tail(of: history, isAtWork: false) == 15)
        let call = TurnMessage.ToolCall(id: "c", name: "t", arguments: "{}")
        history.append(TurnMessage(id: "message-c", role: .assistant, parts: [.toolCall(call)], createdAt: 0))
        #expect(ContextCut.tail(of: history, isAtWork: false) == 15, "a call that waits")
        let result = TurnMessage.ToolReturn(callID: "c", result: "r", succeeded: true)
        history.append(TurnMessage(id: "message-r", role: .tool, parts: [.toolReturn(result)], createdAt: 0))
        #expect(ContextCut.tail(of: history, isAtWork: true) == 15)
        #expect(ContextCut(.all, of: history, tail: 15) { _ in true }?.evicted == 1..<15)
    }

    @Test func `an answer stays with the calls that waited for it`() {
        var history = Self.history
        let call = TurnMessage.ToolCall(id: "c", name: "t", arguments: "{}", needsApproval: true)
        let result = TurnMessage.ToolReturn(callID: "c", result: "r", succeeded: true)
        let parts: [TurnMessage.Part] = [.approval(.init(callID: "c", approves: true)), .toolReturn(result)]
        history.append(
            TurnMessage(id: "message-c", role: .assistant, parts: [.toolCall(call)], runID: "run-1", createdAt: 0))
        #expect(ContextCut.tail(of: history, isAtWork: false) == 13)
        for part in parts {
            history.append(TurnMessage(id: "message-t", role: .tool, parts: [part], runID: "run-2", createdAt: 0))
            #expect(ContextCut.tail(of: history, isAtWork: true) == 13)
        }
        // The loop's request to go on.
        history.append(Self.message(.user, "go on", run: "run-2"))
        #expect(ContextCut.tail(of: history, isAtWork: true) == 13)
        #expect(ContextCut(.all, of: history, tail: 13) { _ in true }?.evicted == 1..<13)
    }

    @Test func `a transcript keeps to its budget, whatever is in it`() {
        let long = (0..<200).map { Self.message(.user, "m\($0) " + String(repeating: "ä€", count: 500)) }
        let parts = Transcript.parts(of: long, zone: "UTC", budget: 2_000)
        #expect(parts.count == Transcript.maximumParts)
        #expect(parts.allSatisfy { $0.utf8.count <= 2_100 })
        let extract = Transcript.extract(of: long, because: "no model", limit: 1_000)
        #expect(extract.utf8.count <= 1_100 && extract.contains("m199") && extract.contains("m0 "))
    }

    @Test func `an extract carries an earlier summary over`() {
        let text = PackedText.summary("Ann likes x.", isPartial: true, time: "now")
        let extract = Transcript.extract(
            of: [Self.message(.user, text), Self.message(.assistant, "fine")], because: "r", limit: 1_000)
        #expect(extract.contains("Earlier summary: Ann likes x."))
    }

    @Test func `estimates follow what was reported, up at once and down slowly`() {
        var calibration = TokenCalibration()
        #expect(calibration.tokens(bytes: 4_000) == 1_300, "a margin while nothing is known")
        calibration.learn(bytes: 4_000, reported: 10)
        #expect(calibration.permille == nil, "no report of the whole prompt")
        calibration.learn(bytes: 4_000, reported: 2_000)
        #expect(calibration.tokens(bytes: 4_000) == 2_000)
        calibration.learn(bytes: 4_000, reported: 1_000)
        #expect(calibration.tokens(bytes: 4_000) == 1_500)
        calibration.learn(refusedBytes: 4_000, window: 3_000)
        #expect(calibration.tokens(bytes: 4_000) == 3_000)
        calibration.learn(bytes: .max / 2, reported: .max)
        #expect(calibration.permille == 3_000)
        #expect(TokenCalibration(permille: .max).bytes(tokens: .max) > 0)
    }

    // MARK: What the model is shown

    private static let call = ModelCall(tools: [], toolChoice: .auto, parallelToolCalls: false)

    private static func context(_ history: [TurnMessage], zone: String = "UTC") -> TurnContext {
        var context = TurnContext(model: .init(name: "m", contextWindow: 1_000), runID: "run-1", zone: zone)
        context.history = history
        context.systemCompiledAt = 0
        return context
    }

    @Test func `a new day is named once, in the agent's zone`() {
        var history = Self.history
        for index in history.indices { history[index].createdAt = Int64(index / 4) * 86_400_000_000 }
        let shown = Self.context(history, zone: "America/New_York").request(Self.call).messages.compactMap(Self.text)
        let dated = shown.filter { $0.contains("[Today is ") }
        #expect(dated.count == 2, "\(shown)")
        #expect(dated.first == "[Today is Thursday, 1970-01-01, EST-0500.]\n\nu2")
    }

    @Test func `two successive requests share all bytes of the first`() {
        var history = Self.history
        for index in history.indices { history[index].createdAt = Int64(index) * 40_000_000_000 }
        let first = Self.context(Array(history[..<12])).request(Self.call)
        let second = Self.context(history + [Self.message(.user, "next")]).request(Self.call)
        #expect(Array(second.messages.prefix(first.messages.count)) == first.messages)
        #expect(second.messages.count == first.messages.count + 2)
    }

    @Test func `a long message is shown in part, a refused image and an empty text as notes`() {
        var image = Self.message(.user, " ")
        image.parts.append(.image(.init(.url("https://example.com/x.png"))))
        #expect(
            Self.context([image]).request(Self.call).messages == [
                .user([.text(" "), .image(url: "https://example.com/x.png", detail: "auto")])
            ])
        image.problem = "refused"
        let shown = Self.context([image, Self.message(.user, String(repeating: "x", count: 100_000))])
            .request(Self.call)
        guard case .user(let parts, _)? = shown.messages.first else { Issue.record("no user message"); return }
        #expect(parts.first == .text("(empty message)"))
        #expect(parts.count == 2 && !parts.contains { if case .image = $0 { true } else { false } })
        #expect(shown.byteCount < 2_500)
    }

    private static func text(_ message: ModelMessage) -> String? {
        guard case .user(let parts, _) = message, case .text(let text)? = parts.first else { return nil }
        return text
    }
}
