import Crypto
import HTTPTypes
import Hummingbird
import LettaAPI
import Synchronization

/// Requires the password, except for health checks, for browsers that come back from an authorization server with a secret
/// of their own, for the dashboard's files and for the routes that check a password in their body.
struct Authentication: RouterMiddleware {
    /// Comparing digests takes the same time wherever the passwords differ.
    private let password: SHA256.Digest
    private let openPaths: Set<String>
    /// Judges an attempt from an address, and waits before a wrong one is answered.
    private let judge: @Sendable (_ address: String, _ isRight: @Sendable () -> Bool) async throws -> Bool
    /// Throws 429 for an address that has to wait.
    private let admit: @Sendable (_ address: String) throws -> Void

    private static let open: Set<String> = spellings(of: ["/health", "/ready", "/tools/mcp/oauth/callback"])
    private static let checks: Set<String> = spellings(of: ["/auth", "/server/session"])

    private static func spellings(of paths: [String]) -> Set<String> {
        Set(["", "/v1", "/latest"].flatMap { prefix in paths.flatMap { ["\(prefix)\($0)", "\(prefix)\($0)/"] } })
    }

    init<Timing: Clock>(
        password: String, openPaths: Set<String> = [], clock: Timing
    ) where Timing.Duration == Duration {
        self.password = SHA256.hash(data: Array(password.utf8))
        self.openPaths = openPaths
        let limit = GuessLimit(clock: clock)
        judge = { address, isRight in
            switch limit.judge(address, isRight: isRight()) {
            case .accepted: return true
            case .wrong(let delay):
                try await clock.sleep(for: delay)
                return false
            case .refused(let wait): throw Self.tooMany(wait)
            }
        }
        admit = { address in
            if let wait = limit.wait(of: address) { throw Self.tooMany(wait) }
        }
    }

    private static func tooMany(_ wait: Duration) -> APIError {
        let seconds = Int(wait.components.seconds) + 1
        return APIError(
            status: 429, body: .detail("Too many wrong passwords from this address. Retry in \(seconds) s."),
            retryAfter: seconds)
    }

    /// Whether a request needs no password, or has it in its body: who sends it is not known yet when it is routed.
    static func isAnonymous(_ request: Request) -> Bool { isOpen(request) || isCheck(request) }

    private static func isOpen(_ request: Request) -> Bool {
        (request.method == .get || request.method == .head) && open.contains(request.uri.path)
    }

    private func isOpenFile(_ request: Request) -> Bool {
        (request.method == .get || request.method == .head) && openPaths.contains(request.uri.path)
    }

    private static func isCheck(_ request: Request) -> Bool {
        request.method == .post && checks.contains(request.uri.path)
    }

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        if Self.isOpen(request) || isOpenFile(request) { return try await next(request, context) }
        if context.grant != nil || context.key != nil || context.hasSession { return try await next(request, context) }
        if Self.isCheck(request) { return try await check(request, context, next: next) }
        let bearer = request.headers[.authorization]
        let bare = request.headers[.barePassword]
        guard bearer != nil || bare != nil else { throw APIError(401, "Unauthorized") }
        let isRight = try await judge(context.clientAddress) {
            isPassword(bearer, behind: "bearer ") || isPassword(bare, behind: "password ")
        }
        guard isRight else { throw APIError(401, "Unauthorized") }
        return try await next(request, context)
    }

    /// Lets the route check the password in the body, and judges its result like a password in a header.
    private func check(
        _ request: Request, _ context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        try admit(context.clientAddress)
        do {
            let response = try await next(request, context)
            _ = try await judge(context.clientAddress) { true }
            return response
        } catch let error as APIError where error.status == 401 {
            _ = try await judge(context.clientAddress) { false }
            throw error
        }
    }

    private func isPassword(_ header: String?, behind scheme: String) -> Bool {
        guard let header, header.prefix(scheme.count).lowercased() == scheme else { return false }
        return SHA256.hash(data: Array(header.dropFirst(scheme.count).utf8)) == password
    }
}
