import AgentEngine
import EventStreams
import LettaAPI
import Logging
import ModelProviders
import Storage

/// The system message and the tools alone exceed the window.
struct SystemPromptOverflow: Error {
    let tokens: Int
    let window: Int

    func end(_ turn: RunningTurn) -> [StepAction] {
        let failure = ProviderFailure(.contextWindowExceeded, message: "The system prompt exceeds the context window.")
        return turn.machine.receive(.modelFailed(failure)).map { action in
            guard case .finish(var end) = action else { return action }
            end.stop = .systemPromptOverflow
            end.failure = .systemPromptOverflow(tokens: tokens, window: window)
            return .finish(end)
        }
    }
}

/// Keeps requests inside the window of the model, and what the model refuses out of them.
extension TurnRunner {
    // MARK: Before a call

    /// The request for `call`, compacted and shortened until it fits the window.
    ///
    /// - Throws: `SystemPromptOverflow` when that is not possible, `CancellationError`, the database's failures.
    func fitted(_ call: ModelCall, _ turn: RunningTurn) async throws -> ModelRequest {
        let window = turn.state.config.usableWindow
        var request = turn.state.context.request(call)
        if turn.state.context.smallModel == nil, !turn.fitting.fits(request, window: window) {
            try checkSystemPrompt(turn)
            let size = turn.fitting.calibration.tokens(bytes: request.byteCount)
            let trigger = turn.isFirstStep ? "pre_step_context_check" : "post_step_context_check"
            try await compact(turn, trigger, tokensBefore: size)
            request = shortened(call, turn, to: ContextFitting.limit(window))
        }
        try await tellShortened(turn)
        return request
    }

    /// With shorter messages each time, down to a few words of each.
    private func shortened(_ call: ModelCall, _ turn: RunningTurn, to limit: Int) -> ModelRequest {
        var request = turn.state.context.request(call)
        while turn.fitting.calibration.tokens(bytes: request.byteCount) > limit, turn.state.context.messageLimit > 200 {
            turn.state.context.messageLimit = turn.state.context.messageLimit / 4 * 3
            request = turn.state.context.request(call)
        }
        return request
    }

    private func checkSystemPrompt(_ turn: RunningTurn) throws(SystemPromptOverflow) {
        let tokens = turn.fitting.calibration.plainTokens(bytes: turn.state.context.fixedBytes)
        let window = turn.state.config.usableWindow
        if tokens > window { throw SystemPromptOverflow(tokens: tokens, window: window) }
    }

    // MARK: Compaction

    /// Compacts what is before the part of the context that the turn is at work on.
    ///
    /// - Parameter goal: the most tokens afterwards; nil for the usual share of the window.
    @discardableResult
    func compact(
        _ turn: RunningTurn, _ trigger: String, tokensBefore: Int?, goal: Int? = nil, isAtWork: Bool = true
    ) async throws -> Bool {
        var order = ContextCompactor.Order(
            settings: try turn.state.agent.compactionSettings.content(), trigger: trigger,
            tail: ContextCut.tail(of: turn.state.context.history, isAtWork: isAtWork), tokensBefore: tokensBefore,
            goal: goal, stepID: turn.fitting.stepID)
        if order.settings.mode == nil { order.settings.mode = .slidingWindow }
        let start = core.now()
        guard let done = try await compactor.compact(turn.state, order) else { return false }
        let whole = isAtWork ? turn.trace.step : turn.trace.turn
        let span = Span(done.stats, whole.child(), in: whole.spanID, from: start, to: core.now())
        if isAtWork { turn.trace.add(span) } else { turn.trace.addLast(span) }
        turn.state = done.state
        for entry in done.entries(ids: core.ids, asEvents: turn.state.showsCompactions) {
            control.emit(.message(entry))
        }
        return true
    }

    /// After the last step: compacts a context that the next message would find too large.
    func leaveRoom(_ end: inout TurnEnd, _ turn: RunningTurn) async {
        // The last step has emptied the context of an agent that forgets its turns.
        guard !control.isCancelled, end.failure == nil, !turn.state.forgetsTurns,
            let excess = turn.fitting.excess
        else { return }
        do {
            turn.fitting.excess = nil
            guard try await compact(turn, "post_step_context_check", tokensBefore: excess, isAtWork: false) else {
                return
            }
            let bytes = turn.state.context.fixedBytes + turn.state.context.messageSizes.reduce(0, +)
            end.usage.setContext(tokens: turn.fitting.calibration.plainTokens(bytes: bytes))
            guard turn.hasStoredEnd else { return }
            let (id, spans) = (turn.state.run.id, turn.trace.others.map { RunSpan($0) })
            try await core.storage.write(as: turn.state.scope) { db in try RunStore.setSpans(spans, of: id, db) }
        } catch {
            // The next message compacts before its first call.
            core.logger.warning(
                "A context could not be compacted after a turn",
                metadata: ["run.id": "\(control.run)", "error": "\(error)"])
        }
    }

    // MARK: After a failure

    /// Another request for a call that the provider refused; nil when nothing else can be tried.
    func mended(
        _ call: ModelCall, _ request: ModelRequest, _ failure: ProviderFailure, _ turn: RunningTurn
    ) async throws -> ModelRequest? {
        guard !turn.hasShownPieces else { return nil }
        if failure.kind == .contextWindowExceeded { return try await smaller(call, request, turn) }
        guard failure.mayBeAboutContent(hasImages: request.hasImages) else { return nil }
        if turn.state.context.returnsSignatures, request.hasSignatures, failure.isAboutReasoning {
            turn.state.context.returnsSignatures = false
            return turn.state.context.request(call)
        }
        turn.fitting.refusal = failure.message
        if turn.fitting.converted.isEmpty {
            let found = turn.state.context.convertible
            if !found.isEmpty {
                turn.fitting.converted = found
                turn.state.context.convert(found, because: failure.message)
                return turn.state.context.request(call)
            }
        }
        guard turn.fitting.leftOut.isEmpty, turn.isFirstStep, failure.kind != .server, failure.kind != .notFound
        else { return nil }
        let suspects = turn.state.context.unanswered
        guard !suspects.isEmpty else { return nil }
        turn.fitting.leftOut = suspects
        turn.state.context.history.removeAll { suspects.contains($0.id) }
        return turn.state.context.request(call)
    }

    /// At most half of what the provider refused.
    private func smaller(
        _ call: ModelCall, _ request: ModelRequest, _ turn: RunningTurn
    ) async throws -> ModelRequest? {
        guard turn.fitting.overflows < ContextFitting.maximumOverflows else { return nil }
        let window = turn.state.config.usableWindow
        turn.fitting.learnRefusal(of: request, window: window)
        core.logger.notice(
            "The model's service refused a request as too long; it is made shorter",
            metadata: ["run.id": "\(control.run)", "attempt": "\(turn.fitting.overflows)"])
        // Some services count the room for the answer, too.
        if let most = turn.state.context.model.maxOutputTokens {
            turn.state.context.model.maxOutputTokens = min(most, max(256, window / 4))
        }
        let size = turn.fitting.calibration.tokens(bytes: request.byteCount)
        let goal = min(size, window) / 2
        try await compact(turn, "context_window_exceeded", tokensBefore: size, goal: goal)
        let next = shortened(call, turn, to: goal)
        if next.byteCount * 10 > request.byteCount * 9, turn.fitting.overflows > 1 { try checkSystemPrompt(turn) }
        try await tellShortened(turn)
        return next
    }

    /// A failure that nothing mended.
    func failed(_ failure: ProviderFailure, _ turn: RunningTurn) -> [StepAction] {
        if failure.kind == .contextWindowExceeded {
            do {
                try checkSystemPrompt(turn)
            } catch {
                return error.end(turn)
            }
        }
        return turn.machine.receive(.modelFailed(failure))
    }

    func nothingSaid(_ turn: RunningTurn) -> [StepAction] {
        turn.machine.receive(
            .modelFailed(
                ProviderFailure(
                    .invalidAnswer,
                    message: "The model \(turn.state.config.model) returned an empty answer twice in a row.")))
    }

    // MARK: What clients are told

    /// Stores what the model took only in another form, or not at all, now that it has answered.
    func settle(_ turn: RunningTurn) async throws(ProviderFailure) {
        let fitting = turn.fitting
        guard !fitting.converted.isEmpty || !fitting.leftOut.isEmpty else { return }
        turn.fitting.converted = []
        turn.fitting.leftOut = []
        let said = String(fitting.refusal.prefix(300))
        if !fitting.converted.isEmpty {
            await tell(
                """
                the model \(turn.state.config.model) did not accept an image or an empty text, so it was replaced by a \
                note. The message is kept as it is. The model's service said: \(said)
                """, marking: fitting.converted, turn)
        }
        if !fitting.leftOut.isEmpty {
            await tell(
                """
                \(fitting.leftOut.count) earlier messages were left out of the context, because the model's service \
                refused them. They remain in the list of messages. The service said: \(said)
                """, marking: fitting.leftOut, leavingOut: true, turn)
        }
    }

    /// Says which of the turn's messages the model sees only in part.
    private func tellShortened(_ turn: RunningTurn) async throws {
        let limit = turn.state.context.messageLimit
        let long = turn.state.context.history.filter { message in
            message.runID == turn.state.run.id.rawValue && message.role == .user && message.problem == nil
                && !turn.fitting.shortened.contains(message.id) && (message.text?.utf8.count ?? 0) > limit
        }
        guard !long.isEmpty else { return }
        let size = long.reduce(0) { $0 + ($1.text?.unicodeScalars.count ?? 0) }
        let ids = Set(long.map(\.id))
        turn.fitting.shortened.formUnion(ids)
        await tell(
            """
            a message of \(size) characters is too long for the context window of \
            \(turn.state.config.usableWindow) tokens. The model sees its beginning and its end. Send it in parts, or \
            use a model with a larger window.
            """, marking: ids, turn)
    }

    /// Stores a note to the agent and shows it in the answer. The turn goes on without it when the database refuses.
    private func tell(
        _ text: String, marking ids: Set<String>, leavingOut: Bool = false, _ turn: RunningTurn
    ) async {
        let time = core.now()
        let words = ZonedTime.promptTextOrUTC(microseconds: time.microseconds, zone: turn.state.context.zone)
        let note = TurnMessage(
            id: core.ids.next(Message.self).rawValue, role: .user, parts: [.text(PackedText.alert(text, time: words))],
            otid: core.ids.uuid(), runID: turn.state.run.id.rawValue, createdAt: time.microseconds)
        let (thread, scope, marked) = (turn.state.thread, turn.state.scope, ids.sorted().map { ID<Message>($0) })
        do {
            try await shieldedFromCancellation { [core] in
                try await core.storage.write(as: scope) { db in
                    try CompactionStore.mark(marked, text, db)
                    if leavingOut { try CompactionStore.leaveOut(marked, of: thread, db) }
                    try CompactionStore.append(note, to: thread, db)
                }
            }
        } catch {
            core.logger.error(
                "A note on a message could not be stored", metadata: ["run.id": "\(control.run)", "error": "\(error)"])
            return
        }
        turn.state.context.history.append(note)
        for index in turn.state.context.history.indices
        where ids.contains(turn.state.context.history[index].id) && !leavingOut {
            turn.state.context.history[index].problem = text
        }
        for entry in WireMessage.entries(of: note, for: .list) { control.emit(.message(entry)) }
    }
}

extension TurnContext {
    /// The messages with images, or with texts of spaces alone, that are still sent as they are.
    fileprivate var convertible: Set<String> {
        Set(
            history.dropFirst(history.first?.role == .system ? 1 : 0).filter { message in
                message.problem == nil
                    && message.parts.contains { part in
                        switch part {
                        case .image: true
                        case .toolReturn(let result): !result.images.isEmpty
                        case .text(let text): message.role == .user && text.allSatisfy(\.isWhitespace)
                        default: false
                        }
                    }
            }.map(\.id))
    }

    /// The messages of earlier runs that no answer followed: what the model refuses is among them.
    fileprivate var unanswered: Set<String> {
        let before = history.prefix { $0.runID != runID || $0.role == .system }
        let answered = before.lastIndex { message in
            message.role == .assistant && message.toolCalls.isEmpty
                || message.role == .system && message.runID == nil
        }
        return Set(before.suffix(from: answered.map { $0 + 1 } ?? 0).map(\.id))
    }

    fileprivate mutating func convert(_ ids: Set<String>, because problem: String) {
        for index in history.indices where ids.contains(history[index].id) { history[index].problem = problem }
    }
}

extension ModelRequest {
    /// Whether reasoning goes back that the service can verify.
    fileprivate var hasSignatures: Bool {
        messages.contains { if case .assistant(_, _, _?, _) = $0 { true } else { false } }
    }

    fileprivate var hasImages: Bool {
        messages.contains { message in
            guard case .user(let parts, _) = message else { return false }
            return parts.contains { if case .image = $0 { true } else { false } }
        }
    }
}

extension ProviderFailure {
    /// Whether the service's words are on the reasoning that it got back.
    fileprivate var isAboutReasoning: Bool {
        let words = message.lowercased()
        return ["thinking", "signature", "reasoning", "encrypted"].contains { words.contains($0) }
    }

    /// Whether the service may take the same conversation in another form.
    fileprivate func mayBeAboutContent(hasImages: Bool) -> Bool {
        switch kind {
        case .badRequest, .unprocessable: true
        // Local servers report an image that their model can't read as an error of their own, routers as a missing model.
        case .server, .notFound: hasImages
        default: false
        }
    }
}
