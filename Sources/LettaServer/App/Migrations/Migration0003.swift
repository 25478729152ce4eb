import Storage

extension Migration {
    /// Lists of tools, which users now add.
    static let toolLists = Migration(number: 3, name: "tool lists") { _ in
        ["CREATE INDEX tool_by_creation ON tool (organization_id, created_at, id)"]
    }
}
