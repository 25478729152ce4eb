package import EventStreams

/// A request that has ended, as a span of a trace.
package struct RequestTrace: Sendable {
    package let context: TraceContext
    /// The operation of the client that sent it; nil when the client names none.
    package let parentID: String?
    package let method: String
    /// The template of the path.
    package let route: String
    package let status: Int
    package let duration: Duration
    /// The user that it acted for; nil when it was refused before that was known.
    package let user: String?
}
