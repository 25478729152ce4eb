package import Hummingbird
import Logging

/// The state of one request.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// In the log and in the response's `X-Request-Id`.
    package var requestID: String
    /// The default user until the route is found.
    package var caller: Caller
    /// What the access token of the request allows; nil for a request without one, which may do everything.
    package var grant: AccessGrant?
    /// Whether the request came with an open session of the dashboard, which may do everything.
    package var hasSession = false
    /// What the API key of the request allows; nil for a request without one.
    package var key: KeyGrant?
    /// Who sends the request, once that is known.
    let callerName = CallerName()
    /// The client's IP address; empty where there is none, as for a Unix socket.
    package let clientAddress: String
    let client: ClientConnection
    /// The matched path's captures in order, percent-decoded.
    package var captures: [String]
    /// The limit for request bodies read into memory, in bytes.
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
