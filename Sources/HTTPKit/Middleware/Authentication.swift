import HTTPTypes
import Hummingbird
import LettaAPI
import Synchronization

/// Lets only callers in who know the password; health checks need none.
struct Authentication: RouterMiddleware {
    private let password: [UInt8]
    /// Waits before a wrong password from this address is answered.
    private let slowDown: @Sendable (_ address: String) async throws -> Void

    private static let open: Set<String> = Set(
        ["", "/v1", "/latest"].flatMap { prefix in
            ["/health", "/ready"].flatMap { ["\(prefix)\($0)", "\(prefix)\($0)/"] }
        })

    init<Timing: Clock>(password: String, clock: Timing) where Timing.Duration == Duration {
        self.password = Array(password.utf8)
        let failures = FailureTable(clock: clock)
        slowDown = { address in try await clock.sleep(for: failures.delay(for: address)) }
    }

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        if request.method == .get || request.method == .head, Self.open.contains(request.uri.path) {
            return try await next(request, context)
        }
        let bearer = request.headers[.authorization]
        let bare = request.headers[.barePassword]
        if isPassword(bearer, behind: "bearer ") || isPassword(bare, behind: "password ") {
            return try await next(request, context)
        }
        if bearer != nil || bare != nil { try await slowDown(context.clientAddress) }
        throw APIError(401, "Unauthorized")
    }

    private func isPassword(_ header: String?, behind scheme: String) -> Bool {
        guard let header, header.prefix(scheme.count).lowercased() == scheme else { return false }
        return isPassword(header.dropFirst(scheme.count))
    }

    /// Looks at as many bytes as the longer of the two has, whatever they are: the time tells nothing about how
    /// much of the password was right.
    private func isPassword(_ offered: Substring) -> Bool {
        let offered = Array(offered.utf8)
        var difference = offered.count ^ password.count
        for position in 0..<max(offered.count, password.count) {
            let left = position < offered.count ? offered[position] : 0
            let right = position < password.count ? password[position] : 0
            difference |= Int(left ^ right)
        }
        return difference == 0
    }
}

/// Counts wrong passwords by address, to make guessing slow.
final class FailureTable<Timing: Clock>: Sendable where Timing.Duration == Duration {
    private struct Entry {
        var count: Int
        var last: Timing.Instant
    }

    private let clock: Timing
    private let entries = Mutex<[String: Entry]>([:])

    /// After this long without a wrong password an address starts anew.
    static var memory: Duration { .seconds(60) }
    static var longestDelay: Duration { .milliseconds(50) }
    /// No more addresses than this are kept; others are answered with the longest delay.
    static var capacity: Int { 1024 }

    init(clock: Timing) {
        self.clock = clock
    }

    /// Counts one more failure: 10 ms for the first, 10 more for each further one.
    func delay(for address: String) -> Duration {
        let now = clock.now
        return entries.withLock { entries in
            if entries[address] == nil, entries.count >= Self.capacity {
                entries = entries.filter { $0.value.last.duration(to: now) < Self.memory }
                guard entries.count < Self.capacity else { return Self.longestDelay }
            }
            var entry = entries[address] ?? Entry(count: 0, last: now)
            if entry.last.duration(to: now) >= Self.memory { entry.count = 0 }
            entry.count = min(entry.count + 1, 5)
            entry.last = now
            entries[address] = entry
            return min(.milliseconds(10) * entry.count, Self.longestDelay)
        }
    }
}
