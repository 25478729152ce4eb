import EventStreams

/// Decides whether and when a failed call to a provider is retried.
package struct RetryPolicy: Sendable, Equatable {
    package var maximumRetries: Int
    private var backoff = Backoff()

    package init(maximumRetries: Int = 2, firstDelay: Duration = .milliseconds(500)) {
        self.maximumRetries = maximumRetries
        backoff.firstDelay = firstDelay
    }

    /// The delay before retry number `retry`, counted from 1; nil when there is none.
    ///
    /// - Parameter jitter: from 0 to 1.
    func delay(before retry: Int, after failure: ProviderFailure, jitter: Double) -> Duration? {
        guard retry <= maximumRetries, isTransient(failure) else { return nil }
        if let retryAfter = failure.retryAfter { return backoff.delay(retryAfter: retryAfter) }
        return backoff.delay(before: retry, jitter: jitter)
    }

    private func isTransient(_ failure: ProviderFailure) -> Bool {
        switch failure.kind {
        case .rateLimited, .overloaded, .server, .connection, .cut: true
        // A 408 of the provider. After a deadline of ours the caller has waited long enough.
        case .timeout: failure.status != nil
        default: false
        }
    }
}

/// The deadlines of the parts of a call. The connect deadline is the transport's.
package struct ProviderDeadlines: Sendable, Equatable {
    /// From sending a request to the first byte of a streamed answer.
    package var firstByte: Duration
    /// Between two chunks of a streamed answer.
    package var betweenBytes: Duration
    /// From sending a request to the end of a streamed answer.
    package var stream: Duration
    /// For an answer that is not streamed: the model generates all of it before the first byte.
    package var answer: Duration

    package init(
        firstByte: Duration = .seconds(120), betweenBytes: Duration = .seconds(120), stream: Duration = .seconds(1_800),
        answer: Duration = .seconds(600)
    ) {
        self.firstByte = firstByte
        self.betweenBytes = betweenBytes
        self.stream = stream
        self.answer = answer
    }
}
