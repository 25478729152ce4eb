import EventStreams
import LettaAPI
import Logging
import ModelProviders
import Synchronization

/// Calls embedding models: for texts that are stored, and for what people search for.
final class EmbeddingService: Sendable {
    private let core: Core
    private let models: ModelService
    private let elapsed: @Sendable () -> Duration
    /// Until when a model is not called for what somebody waits for, because it failed a moment ago.
    private let resting = Mutex<[ModelKey: Duration]>([:])

    /// For a call that somebody waits for: a search, or a text that was just stored.
    private static let patience = Duration.seconds(5)
    /// For a batch in the background; a local model may have to be loaded first.
    private static let deadline = Duration.seconds(120)
    private static let rest = Duration.seconds(30)
    /// A text that the model finds too long is halved this many times at most.
    private static let mostHalvings = 8

    private struct ModelKey: Hashable {
        let organization: String
        let endpoint: String?
        let model: String
    }

    init(core: Core, models: ModelService) {
        self.core = core
        self.models = models
        elapsed = stopwatch(core.clock)
    }

    // MARK: What somebody waits for

    /// The vector of a query; nil when the model does not answer in time, and soon after it did not.
    func vector(ofQuery text: String, by config: EmbeddingConfig, as scope: Scope) async -> [Float]? {
        guard case .vector(let vector)? = await promptly([text], by: config, as: scope)?.first else { return nil }
        return vector
    }

    /// What embedding makes of texts that were just stored; nil when the model does not answer in time.
    func promptly(_ texts: [String], by config: EmbeddingConfig, as scope: Scope) async -> [EmbeddedText]? {
        let key = ModelKey(
            organization: scope.organization, endpoint: config.embeddingEndpoint, model: config.embeddingModel)
        let now = elapsed()
        guard resting.withLock({ $0[key] ?? .zero }) <= now else { return nil }
        do {
            return try await embed(texts, by: config, within: Self.patience, as: scope)
        } catch {
            guard !Task.isCancelled else { return nil }
            resting.withLock { resting in
                resting = resting.filter { $0.value > now }
                resting[key] = now + Self.rest
            }
            core.logger.warning(
                "An embedding model does not answer: texts are searched by their words alone",
                metadata: ["model": "\(Self.name(of: config))", "error": "\(error)"])
            return nil
        }
    }

    static func name(of config: EmbeddingConfig) -> String { config.handle ?? config.embeddingModel }

    // MARK: Calls

    /// - Throws: `ProviderFailure`, `DeadlineExceeded`, database errors.
    func embed(
        _ texts: [String], by config: EmbeddingConfig, within deadline: Duration = EmbeddingService.deadline,
        as scope: Scope
    ) async throws -> [EmbeddedText] {
        let provider = try await models.embedder(for: config, as: scope)
        return try await withDeadline(deadline, clock: core.clock) {
            try await Self.embed(texts, with: provider, model: config.embeddingModel)
        }
    }

    private static func embed(
        _ texts: [String], with provider: any ModelProvider, model: String
    ) async throws -> [EmbeddedText] {
        // Services refuse empty texts.
        let wanted = texts.indices.filter { texts[$0].contains { !$0.isWhitespace } }
        var results = [EmbeddedText](repeating: .nothing, count: texts.count)
        guard !wanted.isEmpty else { return results }
        do throws(ProviderFailure) {
            let vectors = try await provider.embed(wanted.map { texts[$0] }, model: model)
            for (index, vector) in zip(wanted, vectors) {
                results[index] = Vector.normalized(vector).map { .vector($0) } ?? .nothing
            }
            return results
        } catch {
            guard error.isAboutText else { throw error }
            if wanted.count == 1 {
                results[wanted[0]] = try await parts(of: texts[wanted[0]], with: provider, model, after: error)
                return results
            }
        }
        // One of them is to blame.
        for index in wanted {
            results[index] = try await embed([texts[index]], with: provider, model: model)[0]
        }
        let isRefused = wanted.map { index -> String? in
            if case .refused(let reason) = results[index] { reason } else { nil }
        }
        if let reason = isRefused[0], !isRefused.contains(nil) {
            // Not the texts, then.
            throw ProviderFailure(.badRequest, message: reason)
        }
        return results
    }

    /// The mean of the vectors of the halves of a text that is too long for the model.
    private static func parts(
        of text: String, with provider: any ModelProvider, _ model: String, after failure: ProviderFailure,
        halvings: Int = 1
    ) async throws -> EmbeddedText {
        guard failure.kind == .contextWindowExceeded, halvings <= mostHalvings, text.count > 1 else {
            return .refused(failure.message)
        }
        var vectors: [[Float]] = []
        for half in halves(of: text) where half.contains(where: { !$0.isWhitespace }) {
            do throws(ProviderFailure) {
                let vector = try await provider.embed([half], model: model).first
                if let vector = vector.flatMap(Vector.normalized) { vectors.append(vector) }
            } catch {
                guard error.isAboutText else { throw error }
                let part = try await parts(of: half, with: provider, model, after: error, halvings: halvings + 1)
                switch part {
                case .vector(let vector): vectors.append(vector)
                case .nothing: break
                case .refused: return part
                }
            }
        }
        return Vector.mean(vectors).map { .vector($0) } ?? .nothing
    }

    private static func halves(of text: String) -> [String] {
        let middle = text.index(text.startIndex, offsetBy: text.count / 2)
        let cut = text[..<middle].lastIndex(where: \.isWhitespace).map { text.index(after: $0) } ?? middle
        return [String(text[..<cut]), String(text[cut...])]
    }
}

extension ProviderFailure {
    /// Whether another text could succeed at the same service.
    fileprivate var isAboutText: Bool {
        [.badRequest, .unprocessable, .contextWindowExceeded].contains(kind)
    }
}

extension ModelService {
    /// The provider of an embedding model, found as those of language models are.
    func embedder(for config: EmbeddingConfig, as scope: Scope) async throws -> any ModelProvider {
        var model = LLMConfig(
            model: config.embeddingModel, modelEndpointType: config.embeddingEndpointType, contextWindow: 1)
        model.modelEndpoint = config.embeddingEndpoint
        model.handle = config.handle
        return try await provider(for: model, as: scope)
    }
}
