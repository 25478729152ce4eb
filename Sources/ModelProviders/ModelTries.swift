import Synchronization

/// Notes the tries of a model call that failed and were followed by another.
package final class ModelTries: Sendable {
    package struct Try: Sendable {
        /// In microseconds since 1970.
        package let start: Int64
        package let end: Int64
        package let failure: ProviderFailure
    }

    /// Those of the call that the current task makes; nil where nobody wants to know.
    @TaskLocal package static var current: ModelTries?

    private let now: @Sendable () -> Int64
    private let state: Mutex<(start: Int64, failed: [Try])>

    /// - Parameter now: microseconds since 1970.
    package init(now: @escaping @Sendable () -> Int64) {
        self.now = now
        state = Mutex((now(), []))
    }

    package var failed: [Try] { state.withLock { $0.failed } }
    /// When the last try began.
    package var start: Int64 { state.withLock { $0.start } }

    func add(_ failure: ProviderFailure) {
        let end = now()
        state.withLock { $0.failed.append(Try(start: $0.start, end: end, failure: failure)) }
    }

    /// The next try begins.
    func begin() {
        let time = now()
        state.withLock { $0.start = time }
    }
}
