/// A request that may have changed something, and has succeeded.
package struct RouteChange: Sendable {
    /// Of the caller.
    package let organization: String
    /// The template of the path.
    package let path: String
    package let captures: [String]
}
