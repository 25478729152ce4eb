import JSON
import LettaAPI
import TestSupport
import Testing
import ToolRuntime

/// What the server says of its own sandbox.
@Suite(.timeLimit(.minutes(2))) struct SandboxPolicyTests {
    @Test func `the policy says what is in force and why`() async throws {
        let path = "/v1/sandbox-config/policy"
        try await withServer(on: .sqlite) { server in
            let policy = try await server.get(path).json
            #expect(policy["can_run"] == true && policy["limits"]?["processes"] == 64)
            let measures = try #require(policy["measures"]?.array)
            let states = measures.map { ($0["name"]?.string ?? "", $0["is_in_force"]?.bool ?? false) }
            let inForce = Dictionary(states) { $1 }
            #expect(inForce["namespaces"] == true && inForce["seccomp"] == true && inForce["packages"] == false)
            #expect(inForce["landlock"] == true && inForce["no_network"] == true && inForce["typescript"] == false)
            #expect(measures.allSatisfy { $0["reason"]?.string?.isEmpty == false })
        }
        try await withServer(on: .sqlite, { $0.sandbox = ToolSandbox(bubblewrap: "/nowhere/bwrap") }) { server in
            let policy = try await server.get(path).json
            #expect(policy["can_run"] == false)
            let first = policy["measures"]?[0]
            #expect(first?["is_in_force"] == false && first?["reason"]?.string?.contains("/nowhere/bwrap") == true)
        }
    }

    private static let walls: [(ToolSandbox.Walls, canRun: Bool, inForce: [String])] = [
        (.landlock, true, ["landlock", "seccomp", "no_network", "unprivileged_user"]),
        (.none, true, ["seccomp", "unprivileged_user"]), (.refused("there are none"), false, []),
    ]

    @Test func `without namespaces the policy says what is left`() async throws {
        for (walls, canRun, inForce) in Self.walls {
            var sandbox = ToolSandbox()
            sandbox.walls = walls
            try await withServer(on: .sqlite, { [sandbox] in $0.sandbox = sandbox }) { server in
                let policy = try await server.get("/v1/sandbox-config/policy").json
                #expect(policy["can_run"] == .bool(canRun), "\(walls.name)")
                let measures = policy["measures"]?.array ?? []
                let names = measures.filter { $0["is_in_force"] == true }.compactMap { $0["name"]?.string }
                #expect(names == inForce, "\(walls.name)")
                let ran = try await server.send(
                    .post, "/v1/tools/run", ["source_code": "def f():\n    'F.'\n    return 5\n", "args": [:]])
                ran.expect(canRun ? 200 : 503, canRun ? ["tool_return": "5"] : [:])
            }
        }
    }
}
