/// Decides when a process that failed may be started again.
struct RestartPolicy: Sendable {
    enum Decision: Equatable {
        case now
        case wait(Duration)
        /// It keeps failing; further attempts would only keep callers waiting.
        case giveUp
    }

    /// The failures within the window after which it is not started any more.
    static let limit = 5
    static let window = Duration.seconds(600)
    private static let maximumDelay = Duration.seconds(60)

    private var failures: [Duration] = []

    mutating func failed(at time: Duration) {
        failures.append(time)
    }

    /// The delay is a second after the first failure and doubles with each further one. Failures older than the window
    /// do not count.
    mutating func next(at now: Duration) -> Decision {
        failures.removeAll { now - $0 >= Self.window }
        guard let last = failures.last else { return .now }
        guard failures.count < Self.limit else { return .giveUp }
        let delay = min(Self.maximumDelay, .seconds(1 << (failures.count - 1)))
        let due = last + delay
        return now >= due ? .now : .wait(due - now)
    }
}
