import ModelProviders
import Synchronization
import Testing

@testable import MCPClient

/// A server that can't be reached is tried again, and what was asked of it is not.
@Suite(.timeLimit(.minutes(5))) struct ReconnectTests {
    /// Notes short sleeps instead of sleeping; the long ones are deadlines.
    private final class HastyClock: Clock {
        let slept = Mutex<[Swift.Duration]>([])
        private let base = ContinuousClock()

        var now: ContinuousClock.Instant { base.now }
        var minimumResolution: Swift.Duration { base.minimumResolution }

        func sleep(until deadline: ContinuousClock.Instant, tolerance: Swift.Duration?) async throws {
            let rest = base.now.duration(to: deadline)
            guard rest < .seconds(1) else { return try await base.sleep(until: deadline, tolerance: tolerance) }
            slept.withLock { $0.append(rest) }
        }
    }

    @Test func `connecting backs off and gives up`() async throws {
        let transport = ProviderTransport()
        let egress = EgressClient(transport: transport, privateHosts: ["*"])
        let clock = HastyClock()
        let server = RemoteServer(url: "http://127.0.0.1:9/mcp", headers: [], egress: egress)
        let failure = await #expect(throws: MCPFailure.self) {
            _ = try await MCPConnection(slots: StdioSlots(), clock: clock)(.streamableHTTP(server)) {
                try await $0.tools()
            }
        }
        #expect(failure?.kind == .connection)
        let slept = clock.slept.withLock { $0 }
        #expect(slept.count == 2 && slept[0] < .milliseconds(201) && slept[1] > .milliseconds(300), "\(slept)")
        try await egress.shutdown()
        try await transport.shutdown()
    }

    @Test func `a private literal is refused before it is connected to`() async throws {
        let transport = ProviderTransport()
        let egress = EgressClient(transport: transport, privateHosts: ["127.0.0.2"])
        for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "2130706433"] {
            let server = RemoteServer(url: "http://\(host):9/mcp", headers: [], egress: egress)
            for endpoint in [MCPEndpoint.streamableHTTP(server), .eventStream(server)] {
                let failure = await #expect(throws: MCPFailure.self) {
                    _ = try await MCPConnection(slots: StdioSlots())(endpoint) { try await $0.tools() }
                }
                #expect(failure?.kind == .forbidden, "\(host): \(failure?.message ?? "")")
            }
        }
        try await egress.shutdown()
        try await transport.shutdown()
    }
}
