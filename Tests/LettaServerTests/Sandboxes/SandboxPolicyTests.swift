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
            #expect(measures.allSatisfy { $0["reason"]?.string?.isEmpty == false })
        }
        try await withServer(on: .sqlite, { $0.sandbox = ToolSandbox(bubblewrap: "/nowhere/bwrap") }) { server in
            let policy = try await server.get(path).json
            #expect(policy["can_run"] == false)
            let first = policy["measures"]?[0]
            #expect(first?["is_in_force"] == false && first?["reason"]?.string?.contains("/nowhere/bwrap") == true)
        }
    }
}
