import Storage

extension Migration {
    /// How far the packages of tools are installed.
    static let toolPackages = Migration(number: 26, name: "packages of tools") { dialect in
        [
            "ALTER TABLE tool ADD COLUMN packages_status TEXT",
            "ALTER TABLE tool ADD COLUMN packages_detail TEXT",
            "CREATE INDEX tool_by_packages_status ON tool (packages_status) WHERE packages_status IS NOT NULL",
        ]
    }
}
