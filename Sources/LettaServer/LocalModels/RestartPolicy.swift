/// Decides when a process that ended badly may be started again.
struct RestartPolicy: Sendable {
    enum Decision: Equatable {
        case now
        case wait(Duration)
        /// It fails again and again; trying on would only keep callers waiting.
        case givenUp
    }

    static let limit = 5
    static let window = Duration.seconds(600)
    private static let longestDelay = Duration.seconds(60)

    /// When it failed, on a clock that starts anywhere.
    private var failures: [Duration] = []

    mutating func failed(at time: Duration) {
        failures.append(time)
    }

    /// The first failure costs a second, each further one twice as much; failures older than the window are forgotten.
    mutating func next(at now: Duration) -> Decision {
        failures.removeAll { now - $0 >= Self.window }
        guard let last = failures.last else { return .now }
        guard failures.count < Self.limit else { return .givenUp }
        let delay = min(Self.longestDelay, .seconds(1 << (failures.count - 1)))
        let due = last + delay
        return now >= due ? .now : .wait(due - now)
    }
}
