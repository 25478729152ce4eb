import LettaAPI
import Logging
import Storage

/// What every service stands on.
struct Core: Sendable {
    let storage: any StorageEngine
    let ids: IDSource
    let now: @Sendable () -> Timestamp
    /// Measures deadlines and pauses.
    let clock: any Clock<Duration>
    let logger: Logger
}
