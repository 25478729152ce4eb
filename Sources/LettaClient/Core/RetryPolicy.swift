import LettaAPI

/// What came of one attempt to make a call.
enum Outcome: Sendable {
    case answer(IncomingAnswer)
    /// Nothing was sent, because no connection came about.
    case unconnected(String)
    /// The connection was lost; the server may have done what was asked.
    case cut(String)
}

/// Decides whether and when a failed call is made again.
struct RetryPolicy: Sendable {
    var maximumRetries: Int
    var firstDelay = Duration.milliseconds(500)
    var longestDelay = Duration.seconds(8)
    /// A server that asks for a longer wait than this gets no retry.
    var longestRetryAfter = Duration.seconds(60)

    /// How long to wait before retry number `retry` (from 1), or nil when there should be none.
    ///
    /// `jitter`, from 0 to 1, keeps callers that failed together from coming back together.
    func delay(before retry: Int, after outcome: Outcome, _ verb: HTTPVerb, jitter: Double) -> Duration? {
        guard retry <= maximumRetries else { return nil }
        let mayRepeat = verb != .post
        switch outcome {
        case .unconnected: break
        case .cut: guard mayRepeat else { return nil }
        case .answer(let answer):
            guard [408, 429, 502, 503, 504].contains(answer.status) else { return nil }
            let isPutOff = answer.status == 429 || answer.status == 503
            if isPutOff, let wished = answer.retryAfter { return wished <= longestRetryAfter ? wished : nil }
            guard mayRepeat else { return nil }
        }
        let grown = firstDelay * (1 << min(retry - 1, 16))
        return min(grown, longestDelay) * (1 - jitter / 2)
    }
}
