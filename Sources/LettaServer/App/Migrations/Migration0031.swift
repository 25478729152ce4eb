import Storage

extension Migration {
    /// Sessions of the dashboard.
    static let dashboardSessions = Migration(number: 31, name: "dashboard_sessions") { dialect in
        let id: SQLText = "TEXT \(dialect.textCollation)"
        return [
            """
            CREATE TABLE dashboard_session (
                organization_id \(id) NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
                id \(id) NOT NULL,
                created_at BIGINT NOT NULL,
                used_at BIGINT NOT NULL,
                PRIMARY KEY (organization_id, id)
            )
            """,
            "CREATE UNIQUE INDEX dashboard_session_by_id ON dashboard_session (id)",
        ]
    }
}
