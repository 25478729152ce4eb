import LettaAPI
import Storage

/// Tables `template` and `template_version`.
enum TemplateStore {
    static let table = Table<TemplateRow>("template")
    static let versions = Table<TemplateVersionRow>("template_version")

    static func template(_ name: String, in project: Project, locking: Bool, _ db: Transaction) throws -> TemplateRow? {
        let key = project.id == Project.defaultID ? "" : project.id.rawValue
        return try db.fetchAll(
            table, where: "name = \(name) AND COALESCE(project_id, '') = \(key)", locking: locking
        ).first
    }

    /// A page of templates, newest first, and whether there are more.
    static func page(
        _ query: ListTemplates, in project: String?, _ page: OffsetPage, _ db: Transaction
    ) throws -> (rows: [TemplateRow], hasMore: Bool) {
        let order: SQLText = query.sortBy == .createdAt ? "created_at" : "updated_at"
        let version = query.version.flatMap { Int($0) }
        let conditions: [SQLText?] = [
            project.map { ProjectStore.condition($0) },
            query.name.map { query.exact == true ? "name = \($0)" : db.dialect.contains("name", $0) },
            query.search.map { text in
                "(\(db.dialect.contains("name", text)) OR \(db.dialect.contains("COALESCE(description, '')", text)))"
            },
            query.templateID.map { "id = \($0)" },
            version.map { "latest_version >= \($0)" },
        ]
        let all = SQLText.joined(["TRUE"] + conditions.compactMap { $0 }, separator: " AND ")
        let rows = try db.fetchAll(
            table, where: all, orderBy: "\(order) DESC, id DESC LIMIT \(page.limit + 1) OFFSET \(page.offset)")
        return (Array(rows.prefix(page.limit)), rows.count > page.limit)
    }

    // MARK: Versions

    static func version(_ number: Int, of template: ID<Template>, _ db: Transaction) throws -> TemplateVersionRow? {
        try db.fetchAll(versions, where: "template_id = \(template) AND version = \(number)").first
    }

    /// The saved versions from a number downwards.
    static func versions(
        of template: TemplateRow, from first: Int, limit: Int, _ db: Transaction
    ) throws -> [TemplateVersion] {
        try db.rows(
            """
            SELECT version, message, created_at FROM template_version
            WHERE organization_id = \(db.organization) AND template_id = \(template.id)
                AND version <= \(first) AND version > \(TemplateVersionRow.working)
            ORDER BY version DESC LIMIT \(limit)
            """
        ).map { row in
            let version: Int = try row["version"]
            return TemplateVersion(
                version: version, createdAt: try row["created_at"], message: try row["message"],
                isLatest: version == template.latestVersion)
        }
    }

    static func setSnapshot(
        of version: ID<TemplateVersion>, to snapshot: Document<TemplateSnapshot>, _ db: Transaction
    ) throws {
        try db.execute(
            """
            UPDATE template_version SET snapshot = \(snapshot)
            WHERE organization_id = \(db.organization) AND id = \(version)
            """)
    }

    // MARK: Agents

    /// Agents made from a template, in order of id.
    static func agents(
        of template: ID<Template>, deployment: String?, after last: String, limit: Int, _ db: Transaction
    ) throws -> [ID<AgentState>] {
        let inDeployment: SQLText = deployment.map { " AND deployment_id = \($0)" } ?? ""
        return try db.rows(
            """
            SELECT id FROM agent
            WHERE organization_id = \(db.organization) AND base_template_id = \(template) AND id > \(last)\(inDeployment)
            ORDER BY id LIMIT \(limit)
            """
        ).map { try $0["id"] }
    }

    /// The block of a deployment that was made from this part of the template.
    static func block(
        _ entity: String, of template: ID<Template>, in deployment: String, _ db: Transaction
    ) throws -> ID<Block>? {
        try db.value(
            """
            SELECT id FROM block
            WHERE organization_id = \(db.organization) AND deployment_id = \(deployment)
                AND base_template_id = \(template) AND entity_id = \(entity)
            ORDER BY created_at, id LIMIT 1
            """)
    }

    /// The condition that an agent was made from a template with this name.
    static func isMade(fromTemplateNamed name: String, _ db: Transaction) -> SQLText {
        "base_template_id IN (SELECT id FROM template WHERE organization_id = \(db.organization) AND name = \(name))"
    }
}
