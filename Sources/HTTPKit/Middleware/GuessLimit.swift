import Glibc
import Synchronization

/// Slows down guessing of the password.
///
/// An address may send ``burst`` wrong passwords, and one more per ``interval``. Its further attempts are refused without
/// a look at the password, unless the right one came from there within ``trust``: all clients behind a proxy have one
/// address, and a mistaken one must not lock out the others. The trusted address's wrong passwords beyond the burst are
/// answered after ``longestDelay``, and while ``pendingLimit`` of them wait for their response, further attempts from
/// there are refused too. So nobody guesses faster than ``pendingLimit`` per ``longestDelay`` for long, whatever the
/// number of connections. Other responses to wrong passwords, of all addresses together, are ``spacing`` apart.
final class GuessLimit<Timing: Clock>: Sendable where Timing.Duration == Duration {
    enum Verdict: Equatable {
        case accepted
        /// The response may be sent after the delay.
        case wrong(delay: Duration)
        /// Whether the password was right is not told.
        case refused(retryAfter: Duration)
    }

    private struct Entry {
        /// When the wrong passwords so far are forgotten.
        var forgotten: Timing.Instant
        var trustedUntil: Timing.Instant?
        /// When the pending responses to wrong passwords beyond the burst are sent.
        var pending: [Timing.Instant] = []

        /// How long the address has to wait before its next attempt is looked at; nil for no time.
        func wait(at now: Timing.Instant) -> Duration? {
            if pending.count >= GuessLimit.pendingLimit, let first = pending.min() { return now.duration(to: first) }
            let excess = excess(at: now)
            return excess > .zero && !isTrusted(at: now) ? excess : nil
        }

        /// How long until the burst is not used up any more.
        func excess(at now: Timing.Instant) -> Duration {
            now.duration(to: forgotten) - GuessLimit.interval * (GuessLimit.burst - 1)
        }

        func isTrusted(at now: Timing.Instant) -> Bool {
            trustedUntil.map { $0 > now } ?? false
        }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var nextResponse: Timing.Instant
    }

    private let clock: Timing
    private let state: Mutex<State>

    static var burst: Int { 32 }
    static var interval: Duration { .seconds(1) }
    static var trust: Duration { .seconds(3600) }
    static var spacing: Duration { .milliseconds(5) }
    static var longestDelay: Duration { .seconds(1) }
    static var pendingLimit: Int { 4 }
    /// The limit of remembered addresses; further ones share one entry.
    static var capacity: Int { 1024 }

    init(clock: Timing) {
        self.clock = clock
        state = Mutex(State(nextResponse: clock.now))
    }

    /// Judges an attempt and counts it. Looks at the password unless the address has to wait.
    func judge(_ address: String, isRight: @autoclosure () -> Bool) -> Verdict {
        let now = clock.now
        return state.withLock { state in
            let key = Self.room(for: Self.network(of: address), in: &state.entries, now)
            var entry = state.entries[key] ?? Entry(forgotten: now)
            defer { state.entries[key] = entry }
            entry.pending.removeAll { $0 <= now }
            if let wait = entry.wait(at: now) { return .refused(retryAfter: wait) }
            if isRight() {
                entry.trustedUntil = now.advanced(by: Self.trust)
                return .accepted
            }
            let isBurst = entry.excess(at: now) <= .zero
            let latest = now.advanced(by: Self.longestDelay)
            state.nextResponse = min(max(now, state.nextResponse).advanced(by: Self.spacing), latest)
            if !isBurst { entry.pending.append(latest) }
            entry.forgotten = min(
                max(now, entry.forgotten).advanced(by: Self.interval),
                now.advanced(by: Self.interval * (Self.burst + 1)))
            return .wrong(delay: now.duration(to: isBurst ? state.nextResponse : latest))
        }
    }

    /// How long an address has to wait before its next attempt is looked at; nil for no time.
    func wait(of address: String) -> Duration? {
        let now = clock.now
        return state.withLock { state in
            let key = Self.room(for: Self.network(of: address), in: &state.entries, now)
            state.entries[key]?.pending.removeAll { $0 <= now }
            return state.entries[key]?.wait(at: now)
        }
    }

    /// The key under which the address is counted: its own, or the shared one when the table is full.
    private static func room(for key: String, in entries: inout [String: Entry], _ now: Timing.Instant) -> String {
        guard entries[key] == nil, entries.count >= capacity else { return key }
        entries = entries.filter { $0.value.forgotten > now || $0.value.isTrusted(at: now) }
        return entries.count < capacity ? key : "others"
    }

    /// IPv6 addresses by their first 64 bits: a client has all addresses of its network. Others as they are.
    static func network(of address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
        let isIPv4 = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        return (isIPv4 ? bytes[12...] : bytes[..<8]).map { String($0, radix: 16) }.joined(separator: ".")
    }
}
