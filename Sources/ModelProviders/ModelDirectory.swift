import EventStreams

/// The models of all providers, and the providers whose last listing failed.
package struct ModelListing: Sendable, Equatable {
    /// In the order of the providers.
    package var models: [ModelDescription]
    package var failures: [Failure]

    /// A provider whose last listing failed; the models of its last good one are still listed.
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
    /// No provider lists it; `known` are the handles that are listed, of the type asked for.
    case unknown(handle: String, known: [String])
}

/// A stale-while-revalidate cache of the providers' model listings.
///
/// A listing is served at once, however stale, while its provider is refreshed in the background. Only a provider's very
/// first listing is waited for, by `models()` and by whoever resolves a handle of that provider. Each provider has one
/// refresh at a time, with a deadline; one that fails keeps its last good listing and is retried after a while.
package actor ModelDirectory: TaskOwner {
    package struct Timing: Sendable {
        /// The deadline of a refresh.
        package var deadline: Duration
        /// The age at which a listing is stale.
        package var maximumAge: Duration
        /// The time before a failed refresh is retried, and before an unknown handle causes another one.
        package var retryInterval: Duration
        /// The deadline of a call that finds out whether a model that is not listed can be used; it may have to load it.
        package var unlistedDeadline: Duration

        package init(
            deadline: Duration = .seconds(5), maximumAge: Duration = .seconds(300),
            retryInterval: Duration = .seconds(10), unlistedDeadline: Duration = .seconds(30)
        ) {
            self.deadline = deadline
            self.maximumAge = maximumAge
            self.retryInterval = retryInterval
            self.unlistedDeadline = unlistedDeadline
        }
    }

    /// The state of one provider. Times are on the directory's stopwatch.
    private struct Entry {
        /// The last good listing; nil before the first one.
        var models: [ModelDescription]?
        var failure: ProviderFailure?
        var staleAt: Duration = .zero
        var mayRetryAt: Duration = .zero
        var refresh: Refresh?
        /// What asking for models that are not listed has given, by their names.
        var unlisted: [String: Unlisted] = [:]
    }

    private struct Unlisted {
        /// Nil for a model that the service does not have.
        var model: ModelDescription?
        /// When it is asked for again.
        var staleAt: Duration
    }

    /// Clients name models, so the number that is kept of one provider is bounded.
    private static let unlistedCapacity = 256

    private struct Refresh {
        var task: Task<Void, Never>
        var done: Latch
    }

    /// Called with the outcome of each refresh before whoever waits for it goes on.
    package typealias Recorder = @Sendable (Result<[ModelDescription], ProviderFailure>) async -> Void

    private let providers: [any ModelProvider]
    private let recorder: Recorder
    private let timing: Timing
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private var entries: [Entry]
    private var isClosed = false

    package init(
        providers: [any ModelProvider], timing: Timing = Timing(), clock: any Clock<Duration> = ContinuousClock(),
        recorder: @escaping Recorder = { _ in }
    ) {
        self.providers = providers
        self.recorder = recorder
        self.timing = timing
        self.clock = clock
        self.elapsed = stopwatch(clock)
        self.entries = Array(repeating: Entry(), count: providers.count)
    }

    /// Cancels the refreshes under way and waits for them. No further ones are started.
    package func close() async {
        isClosed = true
        let tasks = entries.compactMap(\.refresh?.task)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    // MARK: Listings

    /// The models of all providers. Waits for the first listings, at most until the deadline, and for no others.
    package func models() async -> ModelListing {
        refreshStale()
        // A provider that has not answered in time once is not waited for again.
        await wait(for: entries.indices.filter { entries[$0].models == nil && entries[$0].failure?.kind != .timeout })
        return listing
    }

    /// Finds the model that a handle names, among those of one type or among all.
    ///
    /// `openai/NAME` also finds the model that is listed as `openai-proxy/NAME`, and the other way round. A handle that is not listed
    /// refreshes the provider that its prefix names, at most once in `Timing.retryInterval`, and waits for it. A language
    /// model that is not listed then either is asked for by calling it.
    ///
    /// - Parameter onlyListed: whether not to ask for what is not listed.
    package func resolve(
        handle: String, type: ModelType? = nil, onlyListed: Bool = false
    ) async throws(HandleFailure) -> ModelDescription {
        guard let slash = handle.firstIndex(of: "/") else { throw .malformed(handle: handle) }
        let owners = providers.indices.filter { providers[$0].handlePrefixes.contains(String(handle[..<slash])) }
        if let model = find(handle, type) {
            refreshStale(owners)
            return model
        }
        if owners.isEmpty {
            _ = await models()
        } else {
            for index in owners where entries[index].mayRetryAt <= elapsed() { refresh(index) }
            await wait(for: owners)
        }
        if let model = find(handle, type) { return model }
        if type != .embedding, !onlyListed {
            let name = String(handle[handle.index(after: slash)...])
            for index in owners { if let model = await unlisted(name, at: index) { return model } }
        }
        throw .unknown(
            handle: handle, known: listing.models.filter { type == nil || $0.modelType == type }.map(\.handle))
    }

    /// Refreshes all listings, stale or not, and waits.
    package func refresh() async {
        for index in entries.indices { refresh(index) }
        await wait(for: Array(entries.indices))
    }

    /// Refreshes the listing of one provider, stale or not, and waits.
    package func refresh(named name: String) async {
        let indices = providers.indices.filter { providers[$0].settings.name == name }
        for index in indices { refresh(index) }
        await wait(for: indices)
    }

    /// Refreshes the listings that were not refreshed within `Timing.retryInterval`, and waits.
    package func refreshDue() async {
        for index in entries.indices where entries[index].mayRetryAt <= elapsed() { refresh(index) }
        await wait(for: Array(entries.indices))
    }

    /// Refreshes the stale listings in the background.
    package func refreshStale() {
        refreshStale(entries.indices)
    }

    /// Refreshes the listing of one provider in the background if it is stale, with what it tells of the traits of its
    /// models.
    package func refreshStale(named name: String) {
        refreshStale(providers.indices.filter { providers[$0].settings.name == name })
    }

    /// A language model that the only provider of this directory accepts without listing it; nil for none.
    package func unlisted(_ name: String) async -> ModelDescription? {
        providers.count == 1 ? await unlisted(name, at: 0) : nil
    }

    private func unlisted(_ name: String, at index: Int) async -> ModelDescription? {
        guard !name.isEmpty, !isClosed else { return nil }
        if let known = entries[index].unlisted[name], known.staleAt > elapsed() { return known.model }
        let model = try? await withDeadline(timing.unlistedDeadline, clock: clock) { [provider = providers[index]] in
            try await provider.unlisted(name)
        }
        if entries[index].unlisted.count >= Self.unlistedCapacity { entries[index].unlisted = [:] }
        let age = model == nil ? timing.retryInterval : timing.maximumAge
        entries[index].unlisted[name] = Unlisted(model: model, staleAt: elapsed() + age)
        return model
    }

    // MARK: Providers

    /// The providers whose last listing failed, and why. Waits for nothing.
    package var failing: [(settings: ProviderSettings, reason: ProviderFailure)] {
        zip(providers, entries).compactMap { provider, entry in
            entry.failure.map { (provider.settings, $0) }
        }
    }

    /// All providers, in the order of their models.
    package nonisolated var all: [any ModelProvider] { providers }

    /// The first provider that meets a condition, whether or not it has ever listed its models.
    package nonisolated func provider(where matches: (any ModelProvider) -> Bool) -> (any ModelProvider)? {
        providers.first(where: matches)
    }

    // MARK: Refreshing

    private var listing: ModelListing {
        var listing = ModelListing(models: [], failures: [])
        for (provider, entry) in zip(providers, entries) {
            listing.models += entry.models ?? []
            if let reason = entry.failure {
                listing.failures.append(.init(providerName: provider.settings.name, reason: reason))
            }
        }
        return listing
    }

    private func find(_ handle: String, _ type: ModelType?) -> ModelDescription? {
        let candidates = entries.flatMap { $0.models ?? [] }.filter { type == nil || $0.modelType == type }
        if let exact = candidates.first(where: { $0.handle == handle }) { return exact }
        for (prefix, other) in [("openai/", "openai-proxy/"), ("openai-proxy/", "openai/")]
        where handle.hasPrefix(prefix) {
            let name = other + handle.dropFirst(prefix.count)
            return candidates.first { $0.handle == name }
        }
        return nil
    }

    private func refreshStale(_ indices: some Sequence<Int>) {
        let now = elapsed()
        for index in indices where entries[index].staleAt <= now { refresh(index) }
    }

    private func refresh(_ index: Int) {
        guard entries[index].refresh == nil, !isClosed else { return }
        let done = Latch()
        let task = Task {
            let result = await list(providers[index])
            await recorder(result)
            record(result, at: index)
            done.open()
        }
        entries[index].refresh = Refresh(task: task, done: done)
    }

    /// Waits for the refreshes of these providers that are under way, or until the caller is cancelled.
    private func wait(for indices: [Int]) async {
        for refresh in indices.compactMap({ entries[$0].refresh }) {
            guard (try? await refresh.done.wait()) != nil else { return }
        }
    }

    private func record(_ result: Result<[ModelDescription], ProviderFailure>, at index: Int) {
        let now = elapsed()
        entries[index].refresh = nil
        entries[index].mayRetryAt = now + timing.retryInterval
        switch result {
        case .success(let models):
            entries[index].models = models
            entries[index].failure = nil
            entries[index].staleAt = now + timing.maximumAge
        case .failure(let failure):
            entries[index].failure = failure
            entries[index].staleAt = now + timing.retryInterval
        }
    }

    private func list(_ provider: any ModelProvider) async -> Result<[ModelDescription], ProviderFailure> {
        do {
            return .success(try await withDeadline(timing.deadline, clock: clock) { try await provider.listModels() })
        } catch let failure as ProviderFailure {
            return .failure(failure)
        } catch is DeadlineExceeded {
            return .failure(
                ProviderFailure(.timeout, message: "The provider did not list its models within \(timing.deadline)."))
        } catch {
            return .failure(ProviderFailure(.cancelled, message: "The request was cancelled."))
        }
    }
}
