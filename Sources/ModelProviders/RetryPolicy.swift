/// Decides whether and when a failed call to a provider is made again.
package struct RetryPolicy: Sendable, Equatable {
    package var maximumRetries: Int
    /// The wait before the first retry; each further one is twice as long.
    package var firstDelay: Duration
    package var longestDelay: Duration
    /// A provider that asks for a longer wait than this gets no retry.
    package var longestRetryAfter: Duration

    package init(
        maximumRetries: Int = 2, firstDelay: Duration = .milliseconds(500), longestDelay: Duration = .seconds(8),
        longestRetryAfter: Duration = .seconds(60)
    ) {
        self.maximumRetries = maximumRetries
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.longestRetryAfter = longestRetryAfter
    }

    /// How long to wait before retry number `retry` (from 1), or nil when there should be none.
    ///
    /// `jitter`, from 0 to 1, keeps callers that failed together from coming back together.
    func delay(before retry: Int, after failure: ProviderFailure, jitter: Double) -> Duration? {
        guard retry <= maximumRetries, isTransient(failure) else { return nil }
        if let wished = failure.retryAfter {
            return wished <= longestRetryAfter ? wished : nil
        }
        let grown = firstDelay * (1 << min(retry - 1, 16))
        return min(grown, longestDelay) * (1 - jitter / 2)
    }

    private func isTransient(_ failure: ProviderFailure) -> Bool {
        switch failure.kind {
        case .rateLimited, .overloaded, .server, .connection, .cut: true
        // A provider's own time-out; after one of ours nobody would want to wait as long again.
        case .timeout: failure.status != nil
        default: false
        }
    }
}

/// How long the parts of a call may take. The wait for a connection is the transport's.
package struct ProviderDeadlines: Sendable, Equatable {
    /// From sending a request to the first byte of a streamed answer.
    package var firstByte: Duration
    /// Between two pieces of a streamed answer.
    package var betweenBytes: Duration
    /// For an answer that comes in one piece, which no model sends before it has written all of it.
    package var answer: Duration

    package init(
        firstByte: Duration = .seconds(120), betweenBytes: Duration = .seconds(120), answer: Duration = .seconds(600)
    ) {
        self.firstByte = firstByte
        self.betweenBytes = betweenBytes
        self.answer = answer
    }
}
