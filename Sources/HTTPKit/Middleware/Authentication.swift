import Crypto
import HTTPTypes
import Hummingbird
import LettaAPI
import Synchronization

/// Requires the password, except for health checks and for the route that checks a password in its body.
struct Authentication: RouterMiddleware {
    /// Comparing digests takes the same time wherever the passwords differ.
    private let password: SHA256.Digest
    /// Judges an attempt from an address, and waits before a wrong one is answered.
    private let judge: @Sendable (_ address: String, _ isRight: Bool) async throws -> Void

    private static let open: Set<String> = spellings(of: ["/health", "/ready"])
    private static let checks: Set<String> = spellings(of: ["/auth"])

    private static func spellings(of paths: [String]) -> Set<String> {
        Set(["", "/v1", "/latest"].flatMap { prefix in paths.flatMap { ["\(prefix)\($0)", "\(prefix)\($0)/"] } })
    }

    init<Timing: Clock>(password: String, clock: Timing) where Timing.Duration == Duration {
        self.password = SHA256.hash(data: Array(password.utf8))
        let limit = GuessLimit(clock: clock)
        judge = { address, isRight in
            switch limit.judge(address, isRight: isRight) {
            case .accepted: break
            case .wrong(let delay): try await clock.sleep(for: delay)
            case .refused(let wait):
                let seconds = Int(wait.components.seconds) + 1
                throw APIError(
                    status: 429,
                    body: .detail("Too many wrong passwords from this address. Retry in \(seconds) s."),
                    retryAfter: seconds)
            }
        }
    }

    func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        if request.method == .get || request.method == .head, Self.open.contains(request.uri.path) {
            return try await next(request, context)
        }
        if request.method == .post, Self.checks.contains(request.uri.path) {
            return try await check(request, context, next: next)
        }
        let bearer = request.headers[.authorization]
        let bare = request.headers[.barePassword]
        guard bearer != nil || bare != nil else { throw APIError(401, "Unauthorized") }
        let isRight = isPassword(bearer, behind: "bearer ") || isPassword(bare, behind: "password ")
        try await judge(context.clientAddress, isRight)
        guard isRight else { throw APIError(401, "Unauthorized") }
        return try await next(request, context)
    }

    /// Lets the route check the password in the body, and judges its result like a password in a header.
    private func check(
        _ request: Request, _ context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            let response = try await next(request, context)
            try await judge(context.clientAddress, true)
            return response
        } catch let error as APIError where error.status == 401 {
            try await judge(context.clientAddress, false)
            throw error
        }
    }

    private func isPassword(_ header: String?, behind scheme: String) -> Bool {
        guard let header, header.prefix(scheme.count).lowercased() == scheme else { return false }
        return SHA256.hash(data: Array(header.dropFirst(scheme.count).utf8)) == password
    }
}
