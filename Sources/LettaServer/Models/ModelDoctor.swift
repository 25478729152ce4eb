import AgentEngine
import EventStreams
import JSON
import LettaAPI
import ModelProviders

/// Finds out what a model can do by calling it: what services and models say of themselves is often missing or wrong.
struct ModelDoctor: Sendable {
    let provider: any ModelProvider
    let clock: any Clock<Duration>
    /// What the service was found to refuse.
    let learned: LearnedServices

    /// Of each call; a local model may have to be loaded first.
    private static let deadline = Duration.seconds(120)

    func report(on model: ModelDescription, isListed: Bool) async -> ModelReport {
        var report = ModelReport(
            handle: model.handle, modelType: model.modelType.rawValue, endpointType: model.endpointType,
            contextWindow: model.contextWindow, maxTokens: model.maxTokens)
        report.isListed = isListed
        report.isSmall = provider.traits(of: model.name).isSmall
        do {
            switch model.modelType {
            case .embedding: try await embed(with: model, &report)
            case .llm:
                try await measureSpeed(of: model, &report)
                report.isReached = true
                report.toolCalling = try await toolCalling(of: model)
                report.structuredOutput = try await followsSchema(model)
            }
            report.isReached = true
        } catch {
            let failure = Self.failure(of: error).naming(provider.settings)
            report.error = failure.message
            report.advice += ServiceReport.advice(on: failure, provider.settings)
        }
        let facts = learned.facts(of: .init(address: provider.settings.baseURL, model: model.name))
        let known = ServiceProfile.named(provider.settings.service)?.adaptations ?? []
        report.adaptations = facts.adaptations.union(known).map { "\($0.rawValue): \($0.explanation)" }.sorted()
        report.advise(model)
        return report
    }

    static func failure(of error: any Error) -> ProviderFailure {
        switch error {
        case let failure as ProviderFailure: failure
        case is DeadlineExceeded: ProviderFailure(.timeout, message: "There was no answer within \(deadline).")
        default: ProviderFailure(.cancelled, message: "The request was cancelled.")
        }
    }

    // MARK: Calls

    private func embed(with model: ModelDescription, _ report: inout ModelReport) async throws {
        let elapsed = stopwatch(clock)
        let vectors = try await withDeadline(Self.deadline, clock: clock) { [provider] in
            try await provider.embed(["The first text.", "Another one."], model: model.name)
        }
        report.firstTokenMilliseconds = elapsed().milliseconds
        report.embeddingDimensions = vectors.first?.count
    }

    private func measureSpeed(of model: ModelDescription, _ report: inout ModelReport) async throws {
        let request = request(model, "Count from one to twenty in words.", limit: 96)
        let times = try await withDeadline(Self.deadline, clock: clock) { [provider, clock] in
            let elapsed = stopwatch(clock)
            var answer = ModelDeltaAccumulator()
            var first: Duration?
            for try await delta in provider.stream(request) {
                if first == nil { first = elapsed() }
                answer.add(delta)
                if answer.isFull { break }
            }
            let total = elapsed()
            let length = (answer.answer.text ?? answer.answer.reasoning ?? "").utf8.count
            return (first: first, total: total, tokens: answer.answer.usage?.completionTokens ?? length / 4)
        }
        report.firstTokenMilliseconds = times.first?.milliseconds
        let seconds = (times.total - (times.first ?? .zero)).milliseconds / 1_000
        // One token takes no time that could be measured.
        if times.tokens > 1, seconds > 0 {
            report.tokensPerSecond = (Double(times.tokens) / seconds).rounded(toTenths: ())
        }
    }

    private func toolCalling(of model: ModelDescription) async throws -> ModelReport.ToolCalling {
        guard provider.traits(of: model.name).toolCalls != .none else { return .none }
        var request = request(
            model, "What is the weather in Paris? Call the tool get_weather to find out.", limit: 256)
        request.tools = [Self.tool]
        do {
            let answer = try await complete(request)
            if !answer.toolCalls.isEmpty { return .native }
            let calls = LenientToolCalls(tools: [TurnTool(name: Self.tool.name, requiredArguments: ["city"])])
            return calls.read(answer.text ?? "") == nil ? .none : .text
        } catch let failure as ProviderFailure
            where failure.kind == .toolsNotSupported || failure.kind == .invalidAnswer
        {
            return .none
        }
    }

    private static let tool = ModelTool(
        name: "get_weather", description: "Tells the weather in a city.",
        parameters: [
            "type": "object", "properties": ["city": ["type": "string", "description": "The name of the city."]],
            "required": ["city"],
        ])

    private func followsSchema(_ model: ModelDescription) async throws -> Bool {
        var request = request(model, "How many legs do two dogs have together?", limit: 256)
        request.responseFormat = [
            "type": "json_schema",
            "json_schema": [
                "name": "legs", "strict": true,
                "schema": [
                    "type": "object", "properties": ["total_number_of_legs": ["type": "integer"]],
                    "required": ["total_number_of_legs"], "additionalProperties": false,
                ],
            ],
        ]
        do {
            let answer = try await complete(request)
            // Not the parser that forgives: the question is what the service enforces.
            guard let text = answer.text, let document = try? JSONParser().parse(text) else { return false }
            return document["total_number_of_legs"]?.int != nil
        } catch let failure as ProviderFailure where [.badRequest, .unprocessable].contains(failure.kind) {
            return false
        }
    }

    private func request(_ model: ModelDescription, _ text: String, limit: Int) -> ModelRequest {
        var request = ModelRequest(
            model: model.name, messages: [.user([.text(text)])], temperature: model.temperature,
            maxOutputTokens: min(limit, model.maxTokens))
        request.contextWindow = model.contextWindow
        return request
    }

    private func complete(_ request: ModelRequest) async throws -> ModelAnswer {
        try await withDeadline(Self.deadline, clock: clock) { [provider] in try await provider.complete(request) }
    }
}

extension Duration {
    fileprivate var milliseconds: Double {
        let (seconds, attoseconds) = components
        return (Double(seconds) * 1_000 + Double(attoseconds) / 1e15).rounded(toTenths: ())
    }
}

extension Double {
    fileprivate func rounded(toTenths: Void) -> Double { (self * 10).rounded() / 10 }
}
