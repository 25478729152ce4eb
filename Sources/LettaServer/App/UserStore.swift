import Storage

/// Tables `organization` and `user_account`.
enum UserStore {
    static func organization(of user: String, _ db: any SQLExecutor) throws -> String? {
        try db.value("SELECT organization_id FROM user_account WHERE id = \(user)")
    }
}
