/// How patient a client is.
public struct ClientSettings: Sendable {
    /// How long opening a connection may take.
    public var connectTimeout: Duration
    /// How long a call may take as a whole, with its retries and the waits between them.
    public var callTimeout: Duration
    /// How often a call is made again after a failure that may pass.
    ///
    /// GET, PUT, PATCH and DELETE are repeated after a lost connection and after status 408, 429, 502, 503 and 504:
    /// done twice they leave the same state, but a DELETE whose first answer was lost may end in 404. POST is
    /// repeated only when no connection came about, and after 429 and 503 with `Retry-After`. A `Retry-After` up to
    /// 60 seconds is honoured; otherwise the waits double from half a second to 8 seconds, less a random part.
    public var maximumRetries: Int

    public init(
        connectTimeout: Duration = .seconds(10), callTimeout: Duration = .seconds(60), maximumRetries: Int = 2
    ) {
        self.connectTimeout = connectTimeout
        self.callTimeout = callTimeout
        self.maximumRetries = maximumRetries
    }
}
