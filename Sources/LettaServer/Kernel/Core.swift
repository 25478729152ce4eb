import LettaAPI
import Logging
import Storage

/// What every service depends on.
struct Core: Sendable {
    let storage: any StorageEngine
    let ids: IDSource
    let now: @Sendable () -> Timestamp
    /// Measures deadlines and delays.
    let clock: any Clock<Duration>
    let logger: Logger
    /// Those that share the database; nil where this server alone uses it.
    var servers: ServerMembership?
    /// Who wants to know what changes here.
    let changes = ChangeFeed()

    /// Whether this server does the work that no request asks for.
    var leads: Bool { servers?.leads ?? true }
}
