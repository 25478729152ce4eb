/// Exponential backoff with jitter, overridden by a server's `Retry-After`.
package struct Backoff: Sendable, Equatable {
    package var firstDelay = Duration.milliseconds(500)
    package var maximumDelay = Duration.seconds(8)
    /// A server that asks for a longer wait than this gets no retry.
    package var maximumRetryAfter = Duration.seconds(60)

    package init() {}

    /// The delay before retry number `retry`, counted from 1: doubled for each retry up to the maximum.
    ///
    /// - Parameter jitter: from 0 to 1; takes away up to half of the delay, so that callers that failed together do not
    ///   retry together.
    package func delay(before retry: Int, jitter: Double) -> Duration {
        min(firstDelay * (1 << min(retry - 1, 16)), maximumDelay) * (1 - jitter / 2)
    }

    /// The delay a server asked for; nil when it is too long to wait.
    package func delay(retryAfter: Duration) -> Duration? {
        retryAfter <= maximumRetryAfter ? retryAfter : nil
    }
}
