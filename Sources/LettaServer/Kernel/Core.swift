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
}
