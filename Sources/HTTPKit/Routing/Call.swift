package import HTTPTypes
import LettaAPI

/// One request to an endpoint, checked and decoded.
package struct Call<Path: Sendable, Query: Sendable, Body: Sendable>: Sendable {
    package let path: Path
    package let query: Query
    package let body: Body
    package let caller: Caller
    package let client: ClientConnection
    /// The request's path and query as they were sent; links to further pages are made from it.
    package let target: String

    package init(
        path: Path, query: Query, body: Body, caller: Caller, client: ClientConnection, target: String
    ) {
        self.path = path
        self.query = query
        self.body = body
        self.caller = caller
        self.client = client
        self.target = target
    }
}

/// An answer that needs headers beside its body.
package struct Reply<Output: Sendable>: Sendable {
    package var output: Output
    package var headers: HTTPFields

    package init(_ output: Output, headers: HTTPFields = [:]) {
        self.output = output
        self.headers = headers
    }
}
