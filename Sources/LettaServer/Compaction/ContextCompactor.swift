import AgentEngine
import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage

/// Replaces the older part of a context by a summary: for turns, and for the routes that ask for it.
///
/// It always succeeds where there is something to compact. When no model summarizes, an extract takes the place of the
/// summary.
struct ContextCompactor: Sendable {
    let core: Core
    let models: ModelService
    let breaker = CompactionBreaker()

    private var summarizer: Summarizer { Summarizer(core: core, models: models) }

    /// Why and how a context is compacted.
    struct Order: Sendable {
        var settings: CompactionSettings
        /// Nil for a compaction that a client asked for, which is told no statistics.
        var trigger: String?
        /// The first message that must remain.
        var tail: Int
        /// The size before, as far as it is known.
        var tokensBefore: Int?
        /// The most tokens of the context afterwards; nil for the usual share of the window.
        var goal: Int?
        var stepID: String?
    }

    struct Compacted: Sendable {
        var state: TurnState
        var summary: String
        var message: TurnMessage
        var stats: CompactionStats
    }

    /// - Returns: nil when there is nothing to compact.
    /// - Throws: `CancellationError` when the turn was cancelled, and the database's failures.
    func compact(_ state: TurnState, _ order: Order) async throws -> Compacted? {
        let history = state.context.history
        let mode = order.settings.mode.flatMap { CompactionMode(rawValue: $0.rawValue) } ?? .slidingWindow
        let fits = Self.fits(state, order)
        let cuts = Self.chain(mode).compactMap { mode in
            ContextCut(
                mode, of: history, share: order.settings.slidingWindowPercentage ?? 0.3, tail: order.tail, fits: fits
            ).map { (mode, $0) }
        }
        guard !cuts.isEmpty else { return nil }
        let (cut, text) = try await summary(cuts, state, order)
        return try await store(cut, text, state, order)
    }

    /// The mode, then those that replace it when it fails or does not suffice.
    private static func chain(_ mode: CompactionMode) -> [CompactionMode] {
        switch mode {
        case .all: [.all]
        case .slidingWindow: [.slidingWindow, .all]
        case .selfAll: [.selfAll, .selfSlidingWindow, .all]
        case .selfSlidingWindow: [.selfSlidingWindow, .all]
        }
    }

    /// Whether a context that keeps the messages from a place on is small enough.
    private static func fits(_ state: TurnState, _ order: Order) -> (Int) -> Bool {
        let calibration = TokenCalibration(permille: state.agent.tokenPermille)
        let window = state.config.usableWindow
        let limit = order.goal ?? window / 100 * ContextCut.goal
        let sizes = state.context.messageSizes
        // The summary takes some, too.
        let fixed = state.context.fixedBytes + summaryLimit(order.settings, calibration, window: window) / 2
        var rests = Array(repeating: 0, count: sizes.count + 1)
        for place in sizes.indices.reversed() { rests[place] = rests[place + 1] + sizes[place] }
        return { place in calibration.plainTokens(bytes: fixed + rests[place]) <= limit }
    }

    /// The longest summary, in bytes: a fifth of the window, and what the settings allow if a character took four.
    private static func summaryLimit(
        _ settings: CompactionSettings, _ calibration: TokenCalibration, window: Int
    ) -> Int {
        let share = max(400, calibration.bytes(tokens: window / 5))
        guard let most = settings.clipChars, most > 0 else { return share }
        return min(share, most > share ? share : most * 4)
    }

    // MARK: The summary

    private func summary(
        _ cuts: [(CompactionMode, ContextCut)], _ state: TurnState, _ order: Order
    ) async throws -> (ContextCut, String) {
        let agent = state.agent.id
        let limit = Self.summaryLimit(
            order.settings, TokenCalibration(permille: state.agent.tokenPermille), window: state.config.usableWindow)
        var reason = "repeated failures; the model is asked again later"
        if breaker.mayAsk(for: agent) {
            for (mode, cut) in cuts {
                do {
                    let text = try await summarizer.summary(mode, of: cut, in: state, order.settings)
                    breaker.succeeded(agent)
                    return (cut, String(Self.clipped(text, order.settings).prefixOfBytes(limit)))
                } catch let failure {
                    if failure is CancellationError || (failure as? ProviderFailure)?.kind == .cancelled {
                        throw CancellationError()
                    }
                    reason = Self.words(failure)
                    core.logger.warning(
                        "A context could not be summarized",
                        metadata: ["agent.id": "\(agent)", "mode": "\(mode.rawValue)", "error": "\(reason)"])
                    // Another form of the request changes nothing for a service that is away.
                    if !Self.mayHelpToAskOtherwise(failure) { break }
                }
            }
            if breaker.failed(agent) {
                core.logger.error(
                    "Contexts of the agent are compacted without a model for a while",
                    metadata: ["agent.id": "\(agent)", "error": "\(reason)"])
            }
        }
        let cut = cuts[0].1
        let extract = Transcript.extract(
            of: Array(state.context.history[cut.evicted]), because: reason, limit: limit)
        return (cut, extract)
    }

    private static func clipped(_ text: String, _ settings: CompactionSettings) -> String {
        guard let most = settings.clipChars, most > 0, text.unicodeScalars.count > most else { return text }
        return String(text.unicodeScalars.prefix(most))
    }

    private static func words(_ failure: any Error) -> String {
        switch failure {
        case let failure as ProviderFailure: failure.message
        case Summarizer.Failure.empty: "the model returned an empty summary"
        case Summarizer.Failure.tooLong: "the conversation does not fit the window of the model"
        case let failure as APIError: failure.explanation
        default: "the model did not answer in time"
        }
    }

    private static func mayHelpToAskOtherwise(_ failure: any Error) -> Bool {
        guard let failure = failure as? ProviderFailure else { return failure is Summarizer.Failure }
        return [.contextWindowExceeded, .badRequest, .unprocessable, .invalidAnswer, .toolsNotSupported]
            .contains(failure.kind)
    }

    // MARK: Storing

    private func store(
        _ cut: ContextCut, _ text: String, _ state: TurnState, _ order: Order
    ) async throws -> Compacted? {
        let time = core.now()
        let history = state.context.history
        let evicted = history[cut.evicted].map { ID<Message>($0.id) }
        var stats = CompactionStats(
            trigger: order.trigger ?? "", window: state.config.usableWindow, messagesBefore: history.count,
            messagesAfter: history.count - evicted.count + 1)
        stats.tokensBefore = order.tokensBefore
        var new = state
        let isShownAsMessage = order.trigger != nil && !state.showsCompactions
        var message = TurnMessage(
            id: core.ids.next(Message.self).rawValue, role: .user, parts: [],
            otid: isShownAsMessage ? core.ids.uuid() : nil, stepID: order.stepID,
            runID: order.trigger == nil ? nil : state.run.id.rawValue, createdAt: time.microseconds)
        let words = ZonedTime.promptTextOrUTC(microseconds: time.microseconds, zone: state.context.zone)
        message.parts = [.text(PackedText.summary(text, isPartial: cut.isPartial, time: words))]
        new.context.history = history[..<cut.evicted.lowerBound] + [message] + history[cut.evicted.upperBound...]
        stats.tokensAfter = TokenCalibration(permille: state.agent.tokenPermille).plainTokens(
            bytes: new.context.messageSizes.reduce(0, +))
        if order.trigger != nil {
            message.parts = [.text(PackedText.summary(text, isPartial: cut.isPartial, time: words, stats: stats))]
            new.context.history[cut.evicted.lowerBound] = message
        }
        let (thread, model) = (state.thread, state.config.model)
        // Nil: nothing was replaced; an empty optional: the context has no system message.
        let replaced = try await shieldedFromCancellation { [core, message] in
            try await core.storage.write(as: state.scope) { db -> TurnMessage?? in
                guard try CompactionStore.replace(evicted, by: message, in: thread, model: model, at: time, db) else {
                    return nil
                }
                return .some(try state.memory.systemMessage(db))
            }
        }
        guard let replaced else { return nil }
        if let system = replaced {
            new.context.setSystemMessage(system)
            new.context.systemCompiledAt = time.microseconds
        }
        return Compacted(state: new, summary: text, message: message, stats: stats)
    }
}

extension ContextCompactor.Compacted {
    /// What clients are shown of it.
    func entries(ids: IDSource, asEvents: Bool) -> [WireMessage] {
        guard asEvents else { return WireMessage.entries(of: message, for: .list) }
        let event: JSONObject = [
            "trigger": .string(stats.trigger),
            "context_token_estimate": stats.tokensBefore.map { .int(Int64($0)) } ?? .null,
            "context_window": .int(Int64(stats.window)),
        ]
        return [
            .note(
                "event_message", ["event_type": "compaction", "event_data": .object(event)], id: ids.uuid(),
                of: message),
            .note(
                "summary_message", ["summary": .string(summary), "compaction_stats": .object(stats.json)],
                id: message.id, otid: WireMessage.otid(messageID: message.id, index: 0), of: message),
        ]
    }
}
