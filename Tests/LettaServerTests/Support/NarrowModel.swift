import JSON
import ModelProviders
import Synchronization

/// A model with a small window and its own tokens, which refuses what is too long, what has an image, and empty texts.
final class NarrowModel: ModelProvider {
    struct State {
        var requests: [ModelRequest] = []
        var overflows = 0
        var summaries = 0
        var refusesSummaries = false
        var refusesImages = false
        var refusesEmptyTexts = false
        /// A text that is refused wherever it stands.
        var forbidden: String?
    }

    let settings = ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1")
    let handlePrefixes = ["openai", "openai-proxy"]
    let window: Int
    private let reportsUsage: Bool
    let state = Mutex(State())

    init(window: Int, reportsUsage: Bool = true) {
        self.window = window
        self.reportsUsage = reportsUsage
    }

    func change(_ body: @Sendable (inout State) -> Void) { state.withLock { body(&$0) } }
    var overflows: Int { state.withLock { $0.overflows } }
    var summaries: Int { state.withLock { $0.summaries } }
    var last: ModelRequest? { state.withLock { $0.requests.last } }
    func takeRequests() -> [ModelRequest] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        [
            ModelDescription(
                handle: "openai-proxy/gpt-4o-mini", name: "gpt-4o-mini", modelType: .llm, settings: settings,
                contextWindow: 128_000, maxTokens: 1_000)
        ]
    }

    /// A token is three bytes here.
    private static func tokens(_ request: ModelRequest) -> Int { request.byteCount / 3 }

    private func failure(of request: ModelRequest, _ state: inout State) -> ProviderFailure? {
        if Self.tokens(request) > window {
            state.overflows += 1
            return ProviderFailure(.contextWindowExceeded, status: 400, message: "too long")
        }
        for case .user(let parts, _) in request.messages {
            for part in parts {
                switch part {
                case .image where state.refusesImages:
                    return ProviderFailure(.badRequest, status: 400, message: "no eyes")
                case .text("") where state.refusesEmptyTexts:
                    return ProviderFailure(.badRequest, status: 400, message: "text is empty")
                case .text(let text):
                    if let forbidden = state.forbidden, text.contains(forbidden) {
                        return ProviderFailure(.badRequest, status: 400, message: "forbidden")
                    }
                case .image: break
                }
            }
        }
        return nil
    }

    func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        let result = state.withLock { state -> Result<ModelAnswer, ProviderFailure> in
            state.requests.append(request)
            let isSummary = self.isSummary(request)
            if isSummary { state.summaries += 1 }
            if isSummary, state.refusesSummaries {
                return .failure(ProviderFailure(.server, status: 500, message: "broken"))
            }
            if let failure = failure(of: request, &state) { return .failure(failure) }
            let usage = ModelUsage(promptTokens: Self.tokens(request), completionTokens: 5)
            return .success(
                ModelAnswer(text: isSummary ? "A summary." : "Answer.", usage: reportsUsage ? usage : nil))
        }
        return try result.get()
    }

    func isSummary(_ request: ModelRequest) -> Bool {
        // An acknowledgement and a further request may follow.
        request.messages.suffix(3).contains { message in
            guard case .user(let parts, _) = message, case .text(let text)? = parts.first else { return false }
            return text.contains("<start_transcript>") || text.contains("This is a message from the system")
        }
    }

    func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        Answer(model: self, request: request)
    }

    func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] { [] }

    private struct Answer: AsyncSequence, AsyncIteratorProtocol, Sendable {
        let model: NarrowModel
        let request: ModelRequest
        var rest: [ModelDelta]?

        func makeAsyncIterator() -> Answer { self }

        mutating func next() async throws(ProviderFailure) -> ModelDelta? {
            if rest == nil {
                let answer = try await model.complete(request)
                rest = [.text(answer.text ?? ""), .finish(.stop)] + (answer.usage.map { [.usage($0)] } ?? [])
            }
            guard rest?.isEmpty == false else { return nil }
            return rest?.removeFirst()
        }
    }
}
