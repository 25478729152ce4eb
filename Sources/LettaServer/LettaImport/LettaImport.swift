import JSON
import LettaAPI
import Storage

/// Brings everything of a Letta database over: each row once, however often it is interrupted and repeated.
///
/// Nothing is run, and nothing but the database is connected to.
struct LettaImport {
    /// How far an import is.
    struct Progress: Sendable {
        var noun: String
        var done: Int
        var total: Int
    }

    let source: LettaSource
    let core: Core
    let box: SecretBox
    let approvals: ApprovalPolicy
    /// Whether nouns with many rows are only counted, for a preview.
    let onlyCounts: Bool
    let progress: @Sendable (Progress) -> Void
    private(set) var report = LettaImportReport()
    /// Tools that are another one here.
    private(set) var renamedTools: [String: ID<Tool>] = [:]

    init(
        from source: LettaSource, to core: Core, box: SecretBox, approvals: ApprovalPolicy, onlyCounts: Bool,
        progress: @escaping @Sendable (Progress) -> Void
    ) {
        self.source = source
        self.core = core
        self.box = box
        self.approvals = approvals
        self.onlyCounts = onlyCounts
        self.progress = progress
    }

    /// What comes before the agents, in order: what is referred to first.
    static let before: [LettaNoun] = [
        .tools, .mcpServers, .blocks, .providers, .sandboxes, .identities, .archives, .folders, .files, .filePassages,
    ]
    static let after: [LettaNoun] = [.passages, .agentPassages, .groups, .runJobs, .runs, .steps, .jobs]

    /// Tables without content of their own, or that nobody sees.
    private static let known: Set<String> = [
        "alembic_version", "organizations", "users", "agents", "messages", "conversations", "conversation_messages",
        "blocks_agents", "blocks_conversations", "blocks_tags", "block_history", "tools_agents", "agents_tags",
        "agent_environment_variables", "sources_agents", "files_agents", "archives_agents", "identities_agents",
        "identities_blocks", "groups_agents", "groups_blocks", "mcp_tools", "file_contents", "passage_tags",
        "sandbox_environment_variables", "step_metrics", "run_metrics", "provider_models", "job_messages",
        "mcp_oauth",
    ]

    mutating func run() async throws {
        try await takeAccounts()
        for noun in Self.before { try await take(noun) }
        try await takeAgents()
        for noun in Self.after { try await take(noun) }
        try await findAuthorizations()
        try await findUnknownTables()
    }

    /// Authorizations of MCP servers were given to the address of Letta's server, and lack what refreshes their tokens.
    private mutating func findAuthorizations() async throws {
        var names: [String] = []
        try await source.pages("mcp_oauth", only: ["server_name", "status"]) { rows in
            names += rows.filter { $0.text("status") == "authorized" }.map { $0.text("server_name") ?? "" }
        }
        report.secrets += names.map { "authorization of the MCP server \($0)" }
    }

    private mutating func findUnknownTables() async throws {
        let taken = Set((Self.before + Self.after).map(\.table))
        for table in source.tables.keys.sorted() where !taken.contains(table) && !Self.known.contains(table) {
            guard try await source.count(table) > 0 else { continue }
            report.unknownTables.append(table)
        }
    }

    // MARK: Accounts

    /// Organizations that are not here, with their base tools, and users.
    private mutating func takeAccounts() async throws {
        let (source, core) = (source, core)
        let scope = Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)
        var leftOut: [(String, String, String)] = []
        try await source.pages("organizations") { rows in
            for row in rows {
                try await core.storage.write(as: scope) { db in
                    guard try !LettaImportStore.accountExists(row.id, in: "organization", db) else { return }
                    var organization = Organization(
                        id: ID(row.id), name: row.text("name") ?? row.id, createdAt: row.createdAt)
                    organization.privilegedTools = row.flag("privileged_tools") ?? false
                    try AccountStore.insert(organization, db)
                    let inside = Scope(organization: row.id, user: scope.user)
                    try BaseToolService.seed(ids: core.ids, at: core.now(), Transaction(db, as: inside))
                }
            }
        }
        try await source.pages("users") { rows in
            for row in rows {
                let isStored = try await core.storage.write(as: scope) { db in
                    if try LettaImportStore.accountExists(row.id, in: "user_account", db) { return true }
                    guard try LettaImportStore.accountExists(row.organization, in: "organization", db) else {
                        return false
                    }
                    var columns = row
                    columns["created_at"] = .string(row.createdAt.wireText)
                    columns["updated_at"] = .string(row.updatedAt.wireText)
                    columns["is_deleted"] = false
                    columns["organization_id"] = .string(row.organization)
                    try AccountStore.insert(try columns.decode(User.self), db)
                    return true
                }
                if !isStored { leftOut.append(("users", row.id, "its organization does not exist")) }
            }
        }
        for (noun, id, reason) in leftOut { report.leaveOut(noun, id, reason) }
    }

    // MARK: Rows

    private mutating func take(_ noun: LettaNoun) async throws {
        guard source.has(noun.table), !(onlyCounts && noun.isLarge) else { return }
        let source = source
        let total = try await source.count(noun.table)
        var done = 0
        progress(Progress(noun: noun.name, done: 0, total: total))
        var key: [SQLValue]?
        while true {
            let page = try await source.page(noun.table, after: key, limit: noun.pageSize)
            guard let last = page.last else { break }
            key = last.key
            let own = page.filter(noun.isOwn)
            let new = try await rows.missing(own, noun)
            try await take(new, noun, with: noun.store)
            if let addSecrets = noun.addSecrets {
                let ids = Set(new.map(\.id))
                try await take(own.filter { !ids.contains($0.id) }, noun, with: addSecrets)
            }
            done += page.count
            progress(Progress(noun: noun.name, done: done, total: max(done, total)))
        }
    }

    private var rows: LettaRows { LettaRows(core: core, box: box) }

    private mutating func take(
        _ found: [LettaRow], _ noun: LettaNoun, with store: @escaping LettaNoun.Store
    ) async throws {
        var rows: [LettaRow] = []
        for var row in found {
            try await noun.gather(&row, source)
            rows.append(row)
        }
        for (organization, rows) in Dictionary(grouping: rows, by: \.organization) {
            for findings in try await self.rows.write(rows, organization, with: store) { absorb(findings, noun.name) }
        }
    }

    func scope(_ organization: String) -> Scope { LettaRows.scope(organization) }

    mutating func absorb(_ findings: LettaWriter.Findings, _ noun: String) {
        report.secrets += findings.secrets
        for note in findings.notes { report.notes[note, default: 0] += 1 }
        for (id, reason) in findings.leftOut { report.leaveOut(noun, id, reason) }
        renamedTools.merge(findings.tools) { $1 }
    }

    mutating func leaveOut(_ noun: String, _ id: String, _ reason: String) { report.leaveOut(noun, id, reason) }

    mutating func compared(_ counts: [LettaImportReport.Count], _ agents: [LettaImportReport.Agent]) {
        report.counts = counts
        report.agents = agents
    }

    /// Throws what is not the fault of a row: that a database is gone, for example.
    static func rethrow(_ error: any Error) throws {
        switch error {
        case is CancellationError: throw error
        case let failure as SQLFailure:
            switch failure.kind {
            case .uniqueViolation, .foreignKeyViolation, .checkViolation, .decoding, .unsupported, .other: return
            default: throw failure
            }
        default: return
        }
    }
}
