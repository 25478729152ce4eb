/// Marks a type that owns unstructured tasks.
///
/// Its `close()`, `stop()` or `deinit` cancels them, so that no task outlives its owner unnoticed. `scripts/lint` allows
/// `Task { … }` only in a file that declares such a type.
package protocol TaskOwner: Sendable {}
