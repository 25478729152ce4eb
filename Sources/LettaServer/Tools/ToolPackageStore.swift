import JSON
import Storage

/// The columns of table `tool` that say how far packages are installed. They concern the tools of all organizations:
/// packages are the same for everybody.
enum ToolPackageStore {
    /// The requirements of a tool that waits for its packages; nil when none does.
    static func next(_ db: any SQLExecutor) throws -> RawJSON? {
        try db.value(
            """
            SELECT pip_requirements FROM tool
            WHERE packages_status IN ('pending', 'building') AND pip_requirements IS NOT NULL
            ORDER BY updated_at, id LIMIT 1
            """)
    }

    /// Sets the status of all tools that wait for these packages.
    static func set(
        _ status: ToolPackages.Status, _ detail: String?, of requirements: RawJSON, _ db: any SQLExecutor
    ) throws {
        try db.execute(
            """
            UPDATE tool SET packages_status = \(status.rawValue), packages_detail = \(detail)
            WHERE packages_status IN ('pending', 'building') AND pip_requirements = \(requirements)
            """)
    }

    /// How far the packages of a tool with these requirements are.
    static func state(
        of requirements: RawJSON, _ db: any SQLExecutor
    ) throws -> (status: String?, detail: String?)? {
        try db.row(
            """
            SELECT packages_status, packages_detail FROM tool WHERE pip_requirements = \(requirements)
            ORDER BY updated_at DESC, id LIMIT 1
            """
        ).map { (try $0["packages_status"], try $0["packages_detail"]) }
    }

    /// Has packages installed anew that turned out to be missing.
    static func renew(_ requirements: RawJSON, _ db: any SQLExecutor) throws {
        try db.execute(
            """
            UPDATE tool SET packages_status = 'pending', packages_detail = NULL
            WHERE packages_status = 'ready' AND pip_requirements = \(requirements)
            """)
    }

    /// Starts what an earlier server left, or stops it where the operator allows no packages any more.
    static func resume(isAllowed: Bool, _ db: any SQLExecutor) throws {
        guard isAllowed else {
            try db.execute(
                """
                UPDATE tool SET packages_status = 'off', packages_detail = NULL
                WHERE packages_status IN ('pending', 'building')
                """)
            return
        }
        try db.execute(
            """
            UPDATE tool SET packages_status = 'pending', packages_detail = NULL
            WHERE packages_status IN ('off', 'building')
                OR packages_status IS NULL AND pip_requirements IS NOT NULL AND pip_requirements NOT IN ('null', '[]')
            """)
    }
}
