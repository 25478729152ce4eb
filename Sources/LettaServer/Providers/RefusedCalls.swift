import LettaAPI
import ModelProviders
import Storage
import Synchronization

/// The providers that refused the last call of a turn, or could not be reached. Many list their models without a key, so
/// that a listing alone does not tell.
///
/// It is what this process has seen since its start.
final class RefusedCalls: Sendable {
    private struct Caller: Hashable {
        /// Nil for a provider of the environment, which all organizations share.
        let organization: String?
        let provider: String

        init(_ settings: ProviderSettings, _ organization: String) {
            self.organization = settings.category == .base ? nil : organization
            provider = settings.name
        }
    }

    private static let capacity = 1_000
    private let refusals = Mutex<[Caller: (failure: ProviderFailure, time: Timestamp)]>([:])

    /// Notes how a call has ended. A failure that a service gets over by itself says nothing.
    func note(_ failure: ProviderFailure?, of settings: ProviderSettings, at time: Timestamp, as scope: Scope) {
        guard failure?.isOfTheProvider != false else { return }
        refusals.withLock { refusals in
            // Organizations and providers come and go.
            if refusals.count >= Self.capacity { refusals = [:] }
            refusals[Caller(settings, scope.organization)] = failure.map { ($0, time) }
        }
    }

    /// After providers were asked: those that still can't be reached have told so themselves.
    func forgetConnections(as scope: Scope) {
        refusals.withLock { refusals in
            refusals = refusals.filter { caller, refusal in
                refusal.failure.kind != .connection || ![nil, scope.organization].contains(caller.organization)
            }
        }
    }

    /// - Parameter change: when the provider was changed; what was refused before may be mended.
    func last(
        of provider: String, _ category: ModelProviders.ProviderCategory, since change: Timestamp? = nil,
        as scope: Scope
    ) -> ProviderFailure? {
        let settings = ProviderSettings(name: provider, baseURL: "", category: category)
        let refusal = refusals.withLock { $0[Caller(settings, scope.organization)] }
        guard let refusal, change.map({ refusal.time >= $0 }) ?? true else { return nil }
        return refusal.failure
    }
}

extension ProviderFailure {
    /// Whether other calls of the provider fail like this one until somebody changes something. What is not permitted
    /// may be one model or one text alone.
    fileprivate var isOfTheProvider: Bool {
        [.authentication, .insufficientCredits, .connection].contains(kind)
    }
}
