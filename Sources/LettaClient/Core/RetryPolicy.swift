import EventStreams
import LettaAPI

/// The outcome of one attempt at a call.
enum Outcome: Sendable {
    case answer(IncomingAnswer)
    /// No connection could be made, so nothing was sent.
    case unconnected(String)
    /// The connection was lost; the server may have processed the request.
    case cut(String)
}

/// Decides whether and when a failed call is retried.
struct RetryPolicy: Sendable {
    var maximumRetries: Int
    var backoff = Backoff()

    /// The delay before retry number `retry`, counted from 1; nil when there is none.
    ///
    /// - Parameter jitter: from 0 to 1.
    func delay(before retry: Int, after outcome: Outcome, _ verb: HTTPVerb, jitter: Double) -> Duration? {
        guard retry <= maximumRetries else { return nil }
        let mayRepeat = verb != .post
        switch outcome {
        case .unconnected: break
        case .cut: guard mayRepeat else { return nil }
        case .answer(let answer):
            guard [408, 429, 502, 503, 504].contains(answer.status) else { return nil }
            if [429, 503].contains(answer.status), let retryAfter = answer.retryAfter {
                return backoff.delay(retryAfter: retryAfter)
            }
            guard mayRepeat else { return nil }
        }
        return backoff.delay(before: retry, jitter: jitter)
    }
}
