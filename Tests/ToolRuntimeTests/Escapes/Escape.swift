import JSON

@testable import ToolRuntime

/// Something that a hostile tool tries. Where it succeeds it returns, where it is held back it fails.
struct Escape: Sendable {
    let name: String
    /// The body of a function. It finds the names of `EscapeTargets`.
    let body: String
    /// What the error says: one of these texts.
    let fails: [String]
    /// Where it is tried.
    let walls: [EscapeWalls]
    let limits: @Sendable (inout ToolSandbox.Limits) -> Void

    init(
        _ name: String, fails: [String] = Self.refusals, in walls: [EscapeWalls] = EscapeWalls.allCases,
        limits: @escaping @Sendable (inout ToolSandbox.Limits) -> Void = { _ in }, _ body: String
    ) {
        self.name = name
        self.fails = fails
        self.walls = walls
        self.limits = limits
        self.body = body
    }

    /// How Python says that the system refuses something.
    static let refusals = [
        "PermissionError", "FileNotFoundError", "ProcessLookupError", "ConnectionRefusedError", "OSError", "gaierror",
    ]

    static let all = files + writing + networks + processes + resources + results + kernel
}

/// Who is behind which walls.
enum EscapeWalls: String, CaseIterable, Sendable {
    /// The server is root, its tools are nobody.
    case namespaces
    /// As where the server is an ordinary user.
    case ordinaryUser
    case landlock

    func sandbox(warm: WarmSandboxes) -> ToolSandbox {
        var sandbox = ToolSandbox()
        sandbox.warm = warm
        sandbox.limits.seconds = 20
        switch self {
        case .namespaces: break
        case .ordinaryUser: sandbox.user = 1_000
        case .landlock: sandbox.walls = .landlock
        }
        return sandbox
    }
}
