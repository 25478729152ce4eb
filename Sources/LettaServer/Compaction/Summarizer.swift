import AgentEngine
import EventStreams
import LettaAPI
import Logging
import ModelProviders

/// Asks a model for a summary. Each of its requests fits the window of the model that it asks.
struct Summarizer: Sendable {
    let core: Core
    let models: ModelService

    /// The longest time of one request.
    private static let deadline = Duration.seconds(120)

    enum Failure: Error {
        /// The model said nothing.
        case empty
        /// The request can't be made to fit.
        case tooLong
    }

    /// The summary of the evicted messages.
    ///
    /// - Throws: `ProviderFailure`, `Failure`, `CancellationError`.
    func summary(
        _ mode: CompactionMode, of cut: ContextCut, in state: TurnState, _ settings: CompactionSettings
    ) async throws -> String {
        switch mode {
        case .all, .slidingWindow: try await separate(mode, cut, state, settings)
        case .selfAll, .selfSlidingWindow: try await own(mode, cut, state, settings)
        }
    }

    // MARK: A request of its own

    private func separate(
        _ mode: CompactionMode, _ cut: ContextCut, _ state: TurnState, _ settings: CompactionSettings
    ) async throws -> String {
        var (config, provider) = try await model(settings, of: state)
        let overrides = SummaryModelSettings(settings)
        overrides.apply(to: &config)
        let prompt = Self.prompt(mode, settings)
        let calibration = TokenCalibration(permille: state.agent.tokenPermille)
        // Reserve a third for the answer and for what estimates miss.
        let room = calibration.bytes(tokens: config.usableWindow / 3 * 2) - prompt.utf8.count
        // An earlier part's summary is in the next request too.
        let parts = Transcript.parts(
            of: Array(state.context.history[cut.evicted]), zone: state.context.zone, budget: room / 4 * 3)
        var summary: String?
        for part in parts {
            let earlier = summary?.shortened(toBytes: max(200, room / 5))
            var request = ModelRequest(
                model: config.model,
                messages: Self.introduction(prompt, settings)
                    + [.user([.text(Transcript.request(part, after: earlier))])],
                temperature: config.temperature, maxOutputTokens: config.maxTokens)
            request.reasoningEffort = overrides.reasoningEffort
            request.user = state.scope.user
            summary = try await answer(to: request, from: provider)
        }
        guard let summary else { throw Failure.empty }
        return summary
    }

    /// What comes before the transcript. A model that has agreed to summarize is less likely to go on with the
    /// conversation instead.
    private static func introduction(_ prompt: String, _ settings: CompactionSettings) -> [ModelMessage] {
        guard settings.promptAcknowledgement == true else { return [.system(prompt)] }
        return [
            .system(prompt), .user([.text("Next I send you the conversation. Answer with its summary alone.")]),
            .assistant(text: PromptText.summaryAcknowledgement),
        ]
    }

    /// The model of the settings; the agent's own where that one is not offered.
    private func model(
        _ settings: CompactionSettings, of state: TurnState
    ) async throws -> (LLMConfig, any ModelProvider) {
        guard let handle = settings.model, handle != state.config.handle else { return (state.config, state.provider) }
        do {
            let config = try await models.languageModel(handle, onlyListed: true, as: state.scope)
            return (config, try await models.provider(for: config, as: state.scope))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return (state.config, state.provider)
        }
    }

    // MARK: The agent's own request

    private func own(
        _ mode: CompactionMode, _ cut: ContextCut, _ state: TurnState, _ settings: CompactionSettings
    ) async throws -> String {
        var context = state.context
        SummaryModelSettings(settings).apply(to: &context.model)
        let request = context.summaryRequest(
            Self.prompt(mode, settings), before: cut.evicted.upperBound, plan: state.plan,
            acknowledged: settings.promptAcknowledgement == true)
        let calibration = TokenCalibration(permille: state.agent.tokenPermille)
        guard calibration.tokens(bytes: request.byteCount) <= state.config.usableWindow else { throw Failure.tooLong }
        return try await answer(to: request, from: state.provider)
    }

    // MARK: Parts

    private static func prompt(_ mode: CompactionMode, _ settings: CompactionSettings) -> String {
        let isOwn = CompactionMode.allCases.contains { settings.prompt == PromptText.compaction($0) }
        guard let prompt = settings.prompt, !prompt.isEmpty, !isOwn else { return PromptText.compaction(mode) }
        return prompt
    }

    private func answer(to request: ModelRequest, from provider: any ModelProvider) async throws -> String {
        let answer = try await withDeadline(Self.deadline, clock: core.clock) {
            var accumulator = ModelDeltaAccumulator()
            for try await delta in provider.stream(request) {
                accumulator.add(delta)
                if accumulator.isFull { break }
            }
            return accumulator.answer
        }
        guard let text = answer.text, !text.allSatisfy(\.isWhitespace) else { throw Failure.empty }
        return text
    }
}
