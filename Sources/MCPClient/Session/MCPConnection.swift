import EventStreams
import JSON
import ModelProviders
import Synchronization

/// How a server is reached.
package enum MCPEndpoint: Sendable {
    case streamableHTTP(RemoteServer)
    case eventStream(RemoteServer)
    /// A command that the operator allows: the entry is the one it begins with.
    case stdio(StdioCommand, StdioAllowList.Entry)
}

/// Opens sessions: one for each use, with a way of its own.
package struct MCPConnection: Sendable {
    package var limits: MCPLimits
    private let slots: StdioSlots
    private let clock: any Clock<Duration>

    /// - Parameter slots: what all connections of this server share.
    package init(limits: MCPLimits = MCPLimits(), slots: StdioSlots, clock: any Clock<Duration> = ContinuousClock()) {
        self.limits = limits
        self.slots = slots
        self.clock = clock
    }

    /// Connects, shakes hands, and calls `body` with the session. A connection that can't be made is tried again with
    /// back-off; what `body` does is never repeated.
    ///
    /// - Throws: `MCPFailure`, `CancellationError`, what `body` throws.
    package func callAsFunction<Value: Sendable>(
        _ endpoint: MCPEndpoint, _ body: @escaping @Sendable (MCPSession) async throws -> Value
    ) async throws -> Value {
        var backoff = Backoff()
        backoff.firstDelay = .milliseconds(200)
        for retry in 1... {
            let isConnected = Shared(false)
            do {
                return try await converse(endpoint) { session in
                    isConnected.value.withLock { $0 = true }
                    return try await body(session)
                }
            } catch let failure as MCPFailure
                where failure.kind == .connection && retry <= limits.retries && !isConnected.value.withLock({ $0 })
            {
                try await clock.sleep(for: backoff.delay(before: retry, jitter: 0))
            }
        }
        throw CancellationError()
    }

    private enum Part<Value: Sendable>: Sendable {
        case pumped
        case done(Value)
    }

    private func converse<Value: Sendable>(
        _ endpoint: MCPEndpoint, _ body: @escaping @Sendable (MCPSession) async throws -> Value
    ) async throws -> Value {
        let inbox = MCPInbox(limits, elapsed: stopwatch(clock))
        let link: any MCPLink =
            switch endpoint {
            case .streamableHTTP(let server): StreamableHTTPLink(server, inbox, limits, clock)
            case .eventStream(let server): EventStreamLink(server, inbox, limits)
            case .stdio(let command, let entry): StdioLink(command, entry, inbox, limits, slots)
            }
        var isOpenAllTheTime = true
        if case .streamableHTTP = endpoint { isOpenAllTheTime = false }
        let session = MCPSession(link, inbox, limits, clock)
        return try await withThrowingTaskGroup(of: Part<Value>.self) { group in
            if isOpenAllTheTime {
                group.addTask {
                    do {
                        try await link.pump()
                        inbox.close(MCPFailure(.connection, "The server closed the connection."))
                    } catch {
                        inbox.close(error as? MCPFailure ?? MCPFailure(.connection, "The connection was closed."))
                    }
                    return .pumped
                }
            }
            group.addTask {
                do {
                    try await session.initialize()
                    let value = try await body(session)
                    await close(link)
                    return .done(value)
                } catch {
                    await close(link)
                    throw error
                }
            }
            defer { group.cancelAll() }
            while let part = try await group.next() {
                if case .done(let value) = part { return value }
            }
            throw CancellationError()
        }
    }

    /// Also in a cancelled task.
    private func close(_ link: any MCPLink) async {
        await Task {
            // The server's own time limit ends what this does not.
            try? await withDeadline(.seconds(2), clock: clock) { await link.close() }
        }.value
    }
}
