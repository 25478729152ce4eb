package import Hummingbird
import Logging

/// What the server knows about one request while it is answered.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Names the request in the log and in the `X-Request-Id` of the answer.
    package var requestID: String
    /// Set once the route is found; before that it is the default user.
    package var caller: Caller
    /// The IP address of the other end of the connection; empty when there is none, as for a Unix socket.
    package let clientAddress: String
    let client: ClientConnection
    /// The values of the matched path's captures, percent-decoded, in order.
    package var captures: [String]
    /// The largest request body in bytes that is read into memory.
    package var maxUploadSize: Int

    package static let defaultBodyLimit = 32 << 20

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = ""
        caller = Caller()
        clientAddress = source.channel.remoteAddress?.ipAddress ?? ""
        client = ClientConnection(source.channel)
        captures = []
        maxUploadSize = Self.defaultBodyLimit
    }
}
