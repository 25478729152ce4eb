package import HTTPTypes
import LettaAPI

/// A request to an endpoint, validated and decoded.
package struct Call<Path: Sendable, Query: Sendable, Body: Sendable>: Sendable {
    package let path: Path
    package let query: Query
    package let body: Body
    package let caller: Caller
    package let client: ClientConnection
    /// The path and query as sent, from which links to further pages are made.
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

    func with(_ query: Query) -> Call {
        Call(path: path, query: query, body: body, caller: caller, client: client, target: target)
    }
}

/// An output with response headers.
package struct Reply<Output: Sendable>: Sendable {
    package var output: Output
    package var headers: HTTPFields

    package init(_ output: Output, headers: HTTPFields = [:]) {
        self.output = output
        self.headers = headers
    }
}
