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
    ]

    mutating func run() async throws {
        try await takeAccounts()
        for noun in Self.before { try await take(noun) }
        try await takeAgents()
        for noun in Self.after { try await take(noun) }
        try await findUnknownTables()
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
            let new = try await missing(page.filter(noun.isOwn), noun)
            var rows: [LettaRow] = []
            for var row in new {
                try await noun.gather(&row, source)
                rows.append(row)
            }
            for (organization, rows) in Dictionary(grouping: rows, by: \.organization) {
                try await store(rows, organization, noun)
            }
            done += page.count
            progress(Progress(noun: noun.name, done: done, total: max(done, total)))
        }
    }

    /// The rows that are not here yet.
    private func missing(_ rows: [LettaRow], _ noun: LettaNoun) async throws -> [LettaRow] {
        var missing: [LettaRow] = []
        for (organization, rows) in Dictionary(grouping: rows, by: \.organization) {
            let ids = rows.map(\.id)
            let present = try await core.storage.read(as: scope(organization)) { db in
                try LettaImportStore.present(ids, in: noun.target, db)
            }
            missing += rows.filter { !present.contains($0.id) }
        }
        return missing
    }

    /// Stores rows together, or one by one when one of them can't be stored.
    private mutating func store(_ rows: [LettaRow], _ organization: String, _ noun: LettaNoun) async throws {
        do {
            absorb(try await write(rows, organization, noun), noun.name)
            return
        } catch {
            try Self.rethrow(error)
        }
        for row in rows {
            do {
                absorb(try await write([row], organization, noun), noun.name)
            } catch {
                try Self.rethrow(error)
                report.leaveOut(noun.name, row.id, LettaRowProblem.reason(error))
            }
        }
    }

    private func write(
        _ rows: [LettaRow], _ organization: String, _ noun: LettaNoun
    ) async throws -> LettaWriter.Findings {
        try await core.storage.write(as: scope(organization)) { [core, box] db in
            guard try LettaImportStore.accountExists(organization, in: "organization", db) else {
                throw LettaRowProblem("its organization does not exist")
            }
            var writer = LettaWriter(db, ids: core.ids, box: box, at: core.now())
            for row in rows { try noun.store(row, &writer) }
            return writer.findings
        }
    }

    func scope(_ organization: String) -> Scope {
        Scope(organization: organization, user: User.defaultID.rawValue)
    }

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
