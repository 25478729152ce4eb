package import JSON
package import ModelProviders
import Synchronization

/// A model provider without a network: it answers each call with the next answer that the test has queued, and records the
/// requests. When the queue is empty it answers `ok`.
///
/// Its language models are `openai-proxy/gpt-4o-mini`, `…/gpt-4.1` and `…/mock`, its embedding model is
/// `openai/text-embedding-3-small`.
package final class ScriptedModel: ModelProvider {
    private struct State {
        var plays: [Play] = []
        var requests: [Asked] = []
        var holds: [Hold] = []
        var traits = ModelTraits()
        var embedder: Embedder?
    }

    /// Makes the vectors of texts by the model with this name.
    package typealias Embedder =
        @Sendable (_ texts: [String], _ model: String) async -> Result<[[Float]], ProviderFailure>

    package let settings = ProviderSettings(name: "openai", baseURL: "http://127.0.0.1:1/v1")
    package let handlePrefixes = ["openai", "openai-proxy"]
    private let state = Mutex(State())

    private let fallback: @Sendable (ModelRequest) -> Play

    /// - Parameter fallback: answers when the queue is empty.
    package init(whenEmpty fallback: @escaping @Sendable (ModelRequest) -> Play = { _ in .say("ok") }) {
        self.fallback = fallback
    }

    /// Replaces the queue of answers.
    package func play(_ plays: Play...) {
        state.withLock { state in
            state.plays = plays
            state.holds += plays.flatMap(\.holds)
        }
    }

    /// Sets what the server believes the model can do.
    package func behave(as traits: ModelTraits) {
        state.withLock { $0.traits = traits }
    }

    package func traits(of model: String) -> ModelTraits {
        state.withLock { $0.traits }
    }

    /// Removes the recorded requests and returns them, oldest first.
    package func takeRequests() -> [Asked] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    /// Releases every ``Hold``, so that a server can stop.
    package func releaseAll() {
        for hold in state.withLock({ $0.holds }) { hold.release() }
    }

    package func listModels() async throws(ProviderFailure) -> [ModelDescription] {
        let windows = [("gpt-4.1", 1_047_576), ("gpt-4o-mini", 128_000), ("mock", 30_000)]
        let languageModels = windows.map { name, window in
            ModelDescription(
                handle: "openai-proxy/\(name)", name: name, modelType: .llm, settings: settings,
                contextWindow: window, maxTokens: 16_384)
        }
        let embeddingModel = ModelDescription(
            handle: "openai/text-embedding-3-small", name: "text-embedding-3-small", modelType: .embedding,
            settings: settings, contextWindow: 8_191, maxTokens: 0, embeddingDimensions: 1536)
        return languageModels + [embeddingModel]
    }

    package func stream(_ request: ModelRequest) -> any AsyncSequence<ModelDelta, ProviderFailure> & Sendable {
        next(request)
    }

    private func next(_ request: ModelRequest) -> Pieces {
        let play = state.withLock { state -> Play? in
            state.requests.append(Asked(request))
            return state.plays.isEmpty ? nil : state.plays.removeFirst()
        }
        return Pieces(rest: (play ?? fallback(request)).pieces[...])
    }

    package func complete(_ request: ModelRequest) async throws(ProviderFailure) -> ModelAnswer {
        var answer = ModelDeltaAccumulator()
        var pieces = next(request)
        while let delta = try await pieces.next() { answer.add(delta) }
        return answer.answer
    }

    /// Sets what embeds texts. Without it all vectors are zero, so that nothing is near to anything.
    ///
    /// - Parameter holds: where it pauses.
    package func embed(pausingAt holds: Hold..., with embedder: @escaping Embedder) {
        state.withLock { state in
            state.embedder = embedder
            state.holds += holds
        }
    }

    package func embed(_ texts: [String], model: String) async throws(ProviderFailure) -> [[Float]] {
        guard let embedder = state.withLock({ $0.embedder }) else {
            return texts.map { _ in Array(repeating: 0, count: 1536) }
        }
        return try await embedder(texts, model).get()
    }

    private struct Pieces: AsyncSequence, AsyncIteratorProtocol, Sendable {
        var rest: ArraySlice<Play.Piece>

        func makeAsyncIterator() -> Pieces { self }

        mutating func next() async throws(ProviderFailure) -> ModelDelta? {
            while let piece = rest.popFirst() {
                switch piece {
                case .delta(let delta): return delta
                case .fault(let failure): throw failure
                case .hold(let hold): await hold.stop()
                }
            }
            return nil
        }
    }
}

extension ScriptedModel {
    /// One answer of the model. It may fail or pause in the middle.
    package struct Play: Sendable {
        enum Piece: Sendable {
            case delta(ModelDelta)
            case fault(ProviderFailure)
            case hold(Hold)
        }

        var pieces: [Piece]

        var holds: [Hold] {
            pieces.compactMap { piece in
                if case .hold(let hold) = piece { hold } else { nil }
            }
        }

        /// The usage that ends every answer.
        private static let ending: [Piece] = [.delta(.usage(ModelUsage(promptTokens: 10, completionTokens: 5)))]

        /// A text in one or several deltas.
        package static func say(_ pieces: String...) -> Play {
            Play(pieces: pieces.map { .delta(.text($0)) } + [.delta(.finish(.stop))] + ending)
        }

        /// A call of one tool, with its arguments in two deltas.
        package static func call(_ tool: String, _ arguments: JSONValue, id: String = "call_1") -> Play {
            call(tool, text: JSONWriter.string(of: arguments), id: id)
        }

        /// Several calls of one tool in one answer.
        package static func calls(_ tool: String, _ arguments: [JSONValue]) -> Play {
            let calls = arguments.enumerated().map { index, arguments in
                ModelToolCallDelta(
                    index: index, id: "call_\(index + 1)", name: tool,
                    argumentsFragment: JSONWriter.string(of: arguments))
            }
            return Play(pieces: calls.map { .delta(.toolCall($0)) } + [.delta(.finish(.toolCalls))] + ending)
        }

        /// A call of one tool with arguments that need not be JSON.
        package static func call(_ tool: String, text: String, id: String = "call_1") -> Play {
            let half = text.index(text.startIndex, offsetBy: text.count / 2)
            let calls = [
                ModelToolCallDelta(index: 0, id: id, name: tool, argumentsFragment: String(text[..<half])),
                ModelToolCallDelta(index: 0, argumentsFragment: String(text[half...])),
            ]
            return Play(pieces: calls.map { .delta(.toolCall($0)) } + [.delta(.finish(.toolCalls))] + ending)
        }

        /// An answer without text.
        package static let nothing = Play(pieces: [.delta(.finish(.stop))] + ending)

        /// A failure of the provider, before or after some text.
        package static func fail(_ kind: ProviderFailure.Kind, status: Int? = nil, after text: String? = nil) -> Play {
            let said = text.map { [Piece.delta(.text($0))] } ?? []
            return Play(pieces: said + [.fault(ProviderFailure(kind, status: status, message: "scripted"))])
        }

        /// Pauses before the first delta of `play`, or after some text.
        package static func hold(_ hold: Hold, after text: String? = nil, then play: Play) -> Play {
            let said = text.map { [Piece.delta(.text($0))] } ?? []
            return Play(pieces: said + [.hold(hold)] + play.pieces)
        }
    }

    /// A request to the model, reduced to what tests look at.
    package struct Asked: Sendable {
        /// The text of the system message.
        package var system: String
        /// `role: text` of each other message.
        package var messages: [String]
        package var tools: [String]
        package var responseFormat: JSONValue?
        package var temperature: Double?
        package var maxOutputTokens: Int?

        init(_ request: ModelRequest) {
            system = ""
            messages = []
            tools = request.tools.map(\.name)
            responseFormat = request.responseFormat
            temperature = request.temperature
            maxOutputTokens = request.maxOutputTokens
            for message in request.messages {
                switch message {
                case .system(let text):
                    system = text
                case .user(let parts, _):
                    let texts = parts.map { part in
                        if case .text(let text) = part { text } else { "(image)" }
                    }
                    messages.append("user: \(texts.joined())")
                case .assistant(let text, _, _, let calls):
                    messages.append("assistant: \(text ?? "")\(calls.map { "\($0.name)\($0.arguments)" }.joined())")
                case .tool(_, let text):
                    messages.append("tool: \(text)")
                }
            }
        }
    }

    /// A point where an answer pauses until the test releases it.
    package final class Hold: Sendable {
        private struct State {
            var isReached = false
            var isReleased = false
            var stopped: [CheckedContinuation<Void, Never>] = []
            var watchers: [CheckedContinuation<Void, Never>] = []
        }

        private let state = Mutex(State())

        package init() {}

        /// Waits until an answer pauses here.
        package func reached() async {
            await withCheckedContinuation { continuation in
                let isReached = state.withLock { state in
                    if !state.isReached { state.watchers.append(continuation) }
                    return state.isReached
                }
                if isReached { continuation.resume() }
            }
        }

        package func release() {
            let stopped = state.withLock { state in
                state.isReleased = true
                defer { state.stopped = [] }
                return state.stopped
            }
            for continuation in stopped { continuation.resume() }
        }

        package func stop() async {
            await withCheckedContinuation { continuation in
                let (watchers, isReleased) = state.withLock { state in
                    state.isReached = true
                    if !state.isReleased { state.stopped.append(continuation) }
                    defer { state.watchers = [] }
                    return (state.watchers, state.isReleased)
                }
                for watcher in watchers { watcher.resume() }
                if isReleased { continuation.resume() }
            }
        }
    }
}
