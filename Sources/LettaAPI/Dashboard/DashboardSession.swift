public import JSON

extension API {
    /// The session of a browser that shows the dashboard.
    public enum DashboardSessions {
        public static let open = Endpoint<NoPath, NoQuery, OpenDashboardSession, DashboardSession>(
            .post, "/v1/server/session", "Opens a session of the dashboard when the password is right; sets its cookie."
        )
        public static let retrieve = Endpoint<NoPath, NoQuery, NoBody, DashboardSession>(
            .get, "/v1/server/session", "Tells until when the session of the request's cookie is open.")
        public static let close = Endpoint<NoPath, CloseDashboardSession, NoBody, NullOutput>(
            .delete, "/v1/server/session", "Closes the session of the request's cookie, or all sessions.")
    }
}

public struct OpenDashboardSession: Codable, Sendable {
    public var password: String?

    public init(password: String?) {
        self.password = password
    }
}

public struct CloseDashboardSession: Codable, Sendable {
    /// Closes the sessions of all browsers.
    public var everywhere: Bool?

    public init(everywhere: Bool? = nil) {
        self.everywhere = everywhere
    }
}

public struct DashboardSession: Codable, Sendable, JSONWritable {
    /// Whether the server has a password. Without one no session is needed.
    public var requiresPassword: Bool
    /// When the session ends if it is not used; null without one.
    public var expiresAt: Timestamp?

    public init(requiresPassword: Bool, expiresAt: Timestamp?) {
        self.requiresPassword = requiresPassword
        self.expiresAt = expiresAt
    }
}
