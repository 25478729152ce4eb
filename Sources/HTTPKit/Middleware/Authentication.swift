import Crypto
import HTTPTypes
import Hummingbird
import LettaAPI
import Synchronization

/// Requires the password, except for health checks.
struct Authentication: RouterMiddleware {
    /// Comparing digests takes the same time wherever the passwords differ.
    private let password: SHA256.Digest
    /// Delays the response to a wrong password.
    private let slowDown: @Sendable (_ address: String) async throws -> Void

    private static let open: Set<String> = Set(
        ["", "/v1", "/latest"].flatMap { prefix in
            ["/health", "/ready"].flatMap { ["\(prefix)\($0)", "\(prefix)\($0)/"] }
        })

    init<Timing: Clock>(password: String, clock: Timing) where Timing.Duration == Duration {
        self.password = SHA256.hash(data: Array(password.utf8))
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
        return SHA256.hash(data: Array(header.dropFirst(scheme.count).utf8)) == password
    }
}

/// Counts wrong passwords per address to slow down guessing.
final class FailureTable<Timing: Clock>: Sendable where Timing.Duration == Duration {
    private struct Entry {
        var count: Int
        var last: Timing.Instant
    }

    private let clock: Timing
    private let entries = Mutex<[String: Entry]>([:])

    /// An address is forgotten after this long without a wrong password.
    static var memory: Duration { .seconds(60) }
    static var longestDelay: Duration { .milliseconds(50) }
    /// The limit of remembered addresses; further ones get the longest delay.
    static var capacity: Int { 1024 }

    init(clock: Timing) {
        self.clock = clock
    }

    /// Counts a failure: 10 ms for the first, 10 ms more for each further one.
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
