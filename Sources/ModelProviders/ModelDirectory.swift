/// The models all providers offer, with the providers that could not be asked.
package struct ModelListing: Sendable, Equatable {
    /// In the order of the providers.
    package var models: [ModelDescription]
    package var failures: [Failure]

    /// A provider whose newest listing failed; models of an earlier one are still in the listing.
    package struct Failure: Sendable, Equatable {
        package var providerName: String
        package var reason: ProviderFailure
    }

    package func models(of type: ModelType) -> [ModelDescription] {
        models.filter { $0.modelType == type }
    }
}

/// Why a handle names no model.
package enum HandleFailure: Error, Sendable, Equatable {
    /// There is no slash in it.
    case malformed(handle: String)
    /// No provider has it; `known` is what there is instead, of the type asked for.
    case unknown(handle: String, known: [String])
}

/// Knows which models there are, so that neither listing them nor naming one costs a call to every provider.
///
/// Providers are asked side by side, each with its own deadline, and a provider that fails neither hides the others nor
/// loses what it told before. However many callers wait, each provider is asked once.
package actor ModelDirectory {
    /// How long answers live and how long they may take.
    package struct Timing: Sendable {
        package var deadline: Duration
        package var freshness: Duration
        /// How long a failed provider is left alone, and a handle nobody knows leads to no new question.
        package var failureFreshness: Duration

        package init(
            deadline: Duration = .seconds(5), freshness: Duration = .seconds(300),
            failureFreshness: Duration = .seconds(10)
        ) {
            self.deadline = deadline
            self.freshness = freshness
            self.failureFreshness = failureFreshness
        }
    }

    /// What one provider told last. Times are on the directory's stopwatch.
    private struct Entry {
        var models: [ModelDescription] = []
        var failure: ProviderFailure?
        var freshUntil: Duration = .zero
    }

    private let providers: [any ModelProvider]
    private let timing: Timing
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private var entries: [Entry]
    private var isRefreshing = false
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var nextSearchForUnknown: Duration = .zero

    package init(
        providers: [any ModelProvider], timing: Timing = Timing(), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.providers = providers
        self.timing = timing
        self.clock = clock
        self.elapsed = stopwatch(clock)
        self.entries = Array(repeating: Entry(), count: providers.count)
    }

    /// Everything the providers offer, never older than `Timing.freshness` unless a provider fails.
    package func models() async -> ModelListing {
        await refresh()
        return listing
    }

    /// Finds the model a handle names, among those of one type or among all.
    ///
    /// `openai/NAME` also finds the language model that is listed as `openai-proxy/NAME`. A handle nobody knows makes
    /// the providers be asked again, at most once in `Timing.failureFreshness`.
    package func resolve(handle: String, type: ModelType? = nil) async throws(HandleFailure) -> ModelDescription {
        guard handle.contains("/") else { throw .malformed(handle: handle) }
        await refresh()
        if let model = find(handle, type) { return model }
        if elapsed() >= nextSearchForUnknown {
            nextSearchForUnknown = elapsed() + timing.failureFreshness
            for index in entries.indices { entries[index].freshUntil = .zero }
            await refresh()
            if let model = find(handle, type) { return model }
        }
        let known = listing.models.filter { type == nil || $0.modelType == type }.map(\.handle)
        throw .unknown(handle: handle, known: known)
    }

    /// The provider to call for a model that this directory described.
    package nonisolated func provider(of model: ModelDescription) -> (any ModelProvider)? {
        providers.first { $0.settings.name == model.providerName && $0.settings.category == model.providerCategory }
    }

    /// The provider with this name, whether or not it can list its models now.
    package nonisolated func provider(named name: String) -> (any ModelProvider)? {
        providers.first { $0.settings.name == name }
    }

    private var listing: ModelListing {
        var listing = ModelListing(models: [], failures: [])
        for (provider, entry) in zip(providers, entries) {
            listing.models += entry.models
            if let reason = entry.failure {
                listing.failures.append(.init(providerName: provider.settings.name, reason: reason))
            }
        }
        return listing
    }

    private func find(_ handle: String, _ type: ModelType?) -> ModelDescription? {
        let candidates = entries.flatMap(\.models).filter { type == nil || $0.modelType == type }
        if let exact = candidates.first(where: { $0.handle == handle }) { return exact }
        guard handle.hasPrefix("openai/") else { return nil }
        let proxied = "openai-proxy/\(handle.dropFirst("openai/".count))"
        return candidates.first { $0.handle == proxied }
    }

    /// Asks every provider whose answer is out of date.
    ///
    /// The first caller asks and the others wait for it. Should that caller be cancelled, one of the others takes over.
    private func refresh() async {
        while !Task.isCancelled {
            let now = elapsed()
            let stale = entries.indices.filter { entries[$0].freshUntil <= now }
            guard !stale.isEmpty else { return }
            if isRefreshing {
                await withCheckedContinuation { waiters.append($0) }
                continue
            }
            isRefreshing = true
            await ask(stale)
            isRefreshing = false
            let waiting = waiters
            waiters = []
            for waiter in waiting { waiter.resume() }
        }
    }

    private func ask(_ indices: [Int]) async {
        typealias Answer = Result<[ModelDescription], ProviderFailure>
        await withTaskGroup(of: (Int, Answer).self) { group in
            for index in indices {
                let provider = providers[index]
                let (deadline, clock) = (timing.deadline, clock)
                group.addTask { (index, await Self.list(provider, deadline, clock)) }
            }
            for await (index, answer) in group {
                record(answer, at: index)
            }
        }
    }

    private func record(_ answer: Result<[ModelDescription], ProviderFailure>, at index: Int) {
        switch answer {
        case .success(let models):
            entries[index] = Entry(models: models, freshUntil: elapsed() + timing.freshness)
        case .failure(let failure) where failure.kind == .cancelled:
            // It was the caller that failed; the provider is as unknown as before.
            break
        case .failure(let failure):
            entries[index].failure = failure
            entries[index].freshUntil = elapsed() + timing.failureFreshness
        }
    }

    private static func list(
        _ provider: any ModelProvider, _ deadline: Duration, _ clock: any Clock<Duration>
    ) async -> Result<[ModelDescription], ProviderFailure> {
        do {
            return .success(try await withDeadline(deadline, clock: clock) { try await provider.listModels() })
        } catch let failure as ProviderFailure {
            return .failure(failure)
        } catch is DeadlineExceeded {
            return .failure(ProviderFailure(.timeout, message: "The provider did not list its models in time."))
        } catch {
            return .failure(ProviderFailure(.cancelled, message: "The request was cancelled."))
        }
    }
}
