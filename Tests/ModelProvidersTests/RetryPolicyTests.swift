import Testing

@testable import ModelProviders

@Suite(.timeLimit(.minutes(2))) struct RetryPolicyTests {
    private let policy = RetryPolicy(maximumRetries: 6)

    private func failure(_ kind: ProviderFailure.Kind, status: Int? = nil, after: Duration? = nil) -> ProviderFailure {
        ProviderFailure(kind, status: status, message: "", retryAfter: after)
    }

    @Test func theWaitDoublesUpToALimitAndIsJittered() {
        let full = (1...7).map { policy.delay(before: $0, after: failure(.server), jitter: 0) }
        #expect(full == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(8), nil])
        #expect(policy.delay(before: 1, after: failure(.server), jitter: 1) == .milliseconds(250))
        #expect(RetryPolicy().delay(before: 2, after: failure(.cut), jitter: 0) == .seconds(1))
        #expect(RetryPolicy().delay(before: 3, after: failure(.cut), jitter: 0) == nil)
    }

    @Test func theProvidersWishCountsUpToAMinute() {
        let wishes: [Duration] = [.zero, .milliseconds(20), .seconds(60), .seconds(61)]
        let waits = wishes.map { policy.delay(before: 1, after: failure(.rateLimited, after: $0), jitter: 0.5) }
        #expect(waits == [.zero, .milliseconds(20), .seconds(60), nil])
    }

    @Test func onlyWhatMayPassIsRepeated() {
        let repeated = ProviderFailure.Kind.allCases.filter {
            policy.delay(before: 1, after: failure($0), jitter: 0) != nil
        }
        #expect(repeated == [.rateLimited, .overloaded, .server, .connection, .cut])
        #expect(policy.delay(before: 1, after: failure(.timeout, status: 408), jitter: 0) != nil)
    }
}
