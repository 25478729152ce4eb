import EventStreams
import LettaAPI
import LocalModels
package import Logging
import ModelProviders

extension ServerConfiguration {
    /// Tries the services of this configuration, or one model, without a database: the providers of users are not there, and
    /// what is learned is not kept.
    ///
    /// - Returns: lines for a person, and whether all of it works.
    package func diagnose(_ handle: String?, logger: Logger) async throws -> (lines: [String], isWell: Bool) {
        let transport = ProviderTransport(modelHosts: allowedModelHosts)
        let runtime = makeLocalRuntime(transport: transport, logger: logger)
        let local = runtime.map { [LocalModelProvider(runtime: $0)] } ?? []
        let directory = ModelDirectory(providers: clients(transport: transport) + local)
        let result: Result<ModelDiagnosis, any Error>
        do {
            result = .success(try await Self.diagnosis(of: handle, directory, transport))
        } catch {
            result = .failure(error)
        }
        await directory.close()
        await runtime?.close()
        try await transport.shutdown()
        let diagnosis = try result.get()
        guard !diagnosis.services.isEmpty else {
            return (
                [
                    """
                    No model service is set. Set OPENAI_API_KEY, OPENAI_BASE_URL or another service's variable \
                    (docs/configuration.md), or install a local model: letta-server models install
                    """
                ] + (await sandboxLines()), false
            )
        }
        let isWell = diagnosis.model.map { $0.error == nil } ?? diagnosis.services.allSatisfy(\.isReached)
        var lines = diagnosis.lines
        if handle == nil { lines += await sandboxLines() }
        return (lines, isWell)
    }

    private static func diagnosis(
        of handle: String?, _ directory: ModelDirectory, _ transport: ProviderTransport
    ) async throws -> ModelDiagnosis {
        let clock = ContinuousClock()
        guard let handle else {
            var diagnosis = ModelDiagnosis(services: [])
            for provider in directory.all {
                diagnosis.services.append(await ModelDiagnosisService.look(at: provider, clock).report)
            }
            return diagnosis
        }
        let model: ModelDescription
        do {
            model = try await directory.resolve(handle: handle)
        } catch {
            throw StartUpFailure.invalidSetting(
                """
                \(handle) names no model of the services in the environment. `letta-server doctor` lists those; \
                for the providers of users ask the running server: GET /v1/models/doctor?handle=\(handle).
                """)
        }
        guard let provider = directory.provider(where: { $0.settings.name == model.providerName }) else {
            return ModelDiagnosis(services: [])
        }
        let (service, names) = await ModelDiagnosisService.look(at: provider, clock)
        var diagnosis = ModelDiagnosis(services: [service])
        diagnosis.model = await ModelDoctor(provider: provider, clock: clock, learned: transport.learned)
            .report(on: model, isListed: names.contains(model.name))
        return diagnosis
    }
}

extension ModelDiagnosis {
    /// For a terminal.
    fileprivate var lines: [String] { services.flatMap(\.lines) + (model?.lines ?? []) }
}

extension ServiceReport {
    fileprivate var lines: [String] {
        let state = isReached ? "answers, \(models) models" : "fails: \(error ?? "no reason")"
        return ["\(providerName) (\(endpoint)): \(state)"] + advice.map { "  -> \($0)" }
    }
}

extension ModelReport {
    fileprivate var lines: [String] {
        var lines = ["\(handle): \(isReached ? "answers" : "does not answer")"]
        if let error { lines.append("  error: \(error)") }
        if modelType == "llm" {
            lines.append("  context window: \(contextWindow) tokens, answers up to \(maxTokens)")
            if let toolCalling { lines.append("  tool calling: \(toolCalling.rawValue)") }
            if let structuredOutput { lines.append("  structured output: \(structuredOutput ? "yes" : "no")") }
            if isSmall { lines.append("  treated as a small model") }
        }
        if let embeddingDimensions { lines.append("  vectors: \(embeddingDimensions) numbers") }
        if let firstTokenMilliseconds { lines.append("  first answer after \(firstTokenMilliseconds) ms") }
        if let tokensPerSecond { lines.append("  speed: \(tokensPerSecond) tokens/s") }
        return lines + adaptations.map { "  adapted: \($0)" } + advice.map { "  -> \($0)" }
    }
}
