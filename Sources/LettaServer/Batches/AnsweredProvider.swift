import Crypto
import JSON
import LettaAPI
import ModelProviders
import Synchronization

/// An answer that a provider has given ahead of its turn.
struct GivenAnswer: Sendable {
    /// Of the request that it answers, see ``digest(of:)``.
    let digest: String
    /// The answer in the format of the provider.
    let document: RawJSON
    /// When the request was made: the time of its messages.
    let saidAt: Timestamp

    static func digest(of body: [UInt8]) -> String {
        SHA256.hash(data: body).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// A provider that has answered one request already. Every other request goes to the provider itself, and so does this one
/// when it is made again.
final class AnsweredProvider: ModelProvider {
    private let provider: any ModelProvider
    private struct State {
        var given: GivenAnswer?
        var hasAnswered = false
    }

    private let state: Mutex<State>

    init(_ provider: any ModelProvider, _ given: GivenAnswer) {
        self.provider = provider
        state = Mutex(State(given: given))
    }

    /// Whether it has answered since this was asked last.
    func takeCredit() -> Bool {
        state.withLock { state in
            defer { state.hasAnswered = false }
            return state.hasAnswered
        }
    }

    var settings: ProviderSettings { provider.settings }
    var handlePrefixes: [String] { provider.handlePrefixes }

    func traits(of model: String) -> ModelTraits { provider.traits(of: model) }

    func listModels() async throws(ProviderFailure) -> [ModelDescription] { try await provider.listModels() }

    func unlisted(_ model: String) async throws(ProviderFailure) -> ModelDescription? {
        try await provider.unlisted(model)
    }

    func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        guard let answer = take(for: request) else { return provider.stream(request) }
        return GivenDeltas(rest: answer.deltas[...])
    }

    func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        try await provider.complete(request)
    }

    func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        try await provider.embed(texts, model: model)
    }

    func batches(of model: String) -> (any ModelBatches)? { provider.batches(of: model) }

    /// The answer to the request, once; nil when there is none.
    private func take(for request: ModelRequest) -> ModelAnswer? {
        guard let batches = provider.batches(of: request.model) else { return nil }
        let digest = GivenAnswer.digest(of: batches.body(of: request))
        return state.withLock { state in
            guard let given = state.given, given.digest == digest else { return nil }
            state.given = nil
            // What can't be read was not stored; should it be there, the provider is asked again.
            let answer = try? batches.answer(from: given.document.value())
            state.hasAnswered = answer != nil
            return answer
        }
    }
}

/// The deltas of an answer that is there.
private struct GivenDeltas: AsyncSequence, AsyncIteratorProtocol, Sendable {
    typealias Failure = ProviderFailure

    var rest: ArraySlice<ModelDelta>

    func makeAsyncIterator() -> GivenDeltas { self }

    mutating func next() async throws(ProviderFailure) -> ModelDelta? { rest.popFirst() }
}

extension ModelAnswer {
    /// The answer as a provider streams it.
    fileprivate var deltas: [ModelDelta] {
        var deltas: [ModelDelta] = []
        if let reasoning { deltas.append(.reasoning(reasoning)) }
        if let reasoningSignature { deltas.append(.reasoningSignature(reasoningSignature)) }
        if let text { deltas.append(.text(text)) }
        for (index, call) in toolCalls.enumerated() {
            deltas.append(
                .toolCall(
                    ModelToolCallDelta(
                        index: index, id: call.id, name: call.name, argumentsFragment: call.arguments)))
        }
        if let logprobs { deltas.append(.logprobs(logprobs)) }
        if let usage { deltas.append(.usage(usage)) }
        return deltas + [.finish(finishReason)]
    }
}
