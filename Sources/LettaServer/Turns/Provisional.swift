/// A value that may be told to others when it is settled: what it tells of is stored, and the disk is about to keep it.
struct Provisional<Value: Sendable>: Sendable {
    let value: Value
    /// Returns when what was stored survives a loss of power; throws when it may not.
    let settle: @Sendable () async throws -> Void
}
