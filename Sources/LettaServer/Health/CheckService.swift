import LettaAPI
import LocalModels
import Logging
import ModelProviders
import NIOPosix
import Storage
import ToolRuntime

/// Looks at the parts of the server. Each part is looked at alone: one that can't be is told as such, beside the others.
struct CheckService: Sendable {
    let core: Core
    let health: HealthService
    let machine: MachineChecks
    let sandbox: ToolSandbox
    let providers: ProviderService
    let backups: BackupScheduler
    let refused: RefusedCalls

    /// Without a schedule, an older copy is a warning. In days.
    private static let oldestCopy: Int64 = 7
    /// The names of agents in one check.
    private static let mostNames = 5

    /// Calls nobody: what services said the last time counts.
    func checks(_ kinds: [ServerCheck.Kind] = ServerCheck.Kind.allCases, as scope: Scope) async -> [ServerCheck] {
        var checks: [ServerCheck] = []
        for kind in kinds {
            do {
                checks += try await look(at: kind, as: scope)
            } catch {
                core.logger.warning(
                    "A part of the server could not be checked", metadata: ["part": "\(kind)", "error": "\(error)"])
                checks.append(
                    ServerCheck(
                        kind, .failed, (error as? APIError)?.explanation ?? "\(error)",
                        remedy: kind == .database ? Self.databaseRemedy : "Look into the log of the server."))
            }
        }
        return checks
    }

    /// Lists the models of all providers, then checks everything.
    func checkAnew(as scope: Scope) async throws -> [ServerCheck] {
        try await providers.refreshAll(as: scope)
        refused.forgetConnections(as: scope)
        return await checks(as: scope)
    }

    private static let databaseRemedy = "Check that the database is there, and that its disk is not full."

    private func look(at kind: ServerCheck.Kind, as scope: Scope) async throws -> [ServerCheck] {
        switch kind {
        case .database: [try await database()]
        case .disk: [try await NIOThreadPool.singleton.runIfActive { [machine] in machine.disk() }]
        case .sandbox: [sandboxPolicy()]
        case .localModel: [try await NIOThreadPool.singleton.runIfActive { [machine] in machine.localModels() }]
        case .provider: try await providers(as: scope)
        case .mcpServer: try await servers(as: scope)
        case .backup: [try await backup()]
        case .agents: [try await agents(as: scope)]
        }
    }

    private func database() async throws -> ServerCheck {
        let status = try await health.ready()
        let engine = core.storage.dialect == .sqlite ? "SQLite" : "PostgreSQL"
        guard let servers = status.servers else { return ServerCheck(.database, .ok, "\(engine) accepts writes") }
        return ServerCheck(.database, .ok, "\(engine) accepts writes; servers that share it: \(servers.count)")
    }

    private static let walls: Set = ["namespaces", "landlock", "seccomp", "unprivileged_user"]

    private func sandboxPolicy() -> ServerCheck {
        let policy = SandboxPolicy(sandbox)
        // The other measures are offers, and networks that an operator has opened.
        let missing = policy.measures.filter { Self.walls.contains($0.name) && !$0.isInForce }
        guard policy.canRun else {
            return ServerCheck(
                .sandbox, .failed, "No tool can run: \(missing.first?.reason ?? "there is no sandbox")",
                remedy: "Allow the server what its sandbox needs, or go without tools of your own.")
        }
        guard missing.isEmpty else {
            return ServerCheck(
                .sandbox, .warning, "Runs without \(missing.map(\.name).joined(separator: ", "))",
                remedy: missing.first?.reason)
        }
        return ServerCheck(.sandbox, .ok, "Tools run with all of its protections")
    }

    private func providers(as scope: Scope) async throws -> [ServerCheck] {
        let failing = await providers.directory.failing
        let all = providers.directory.all.map(\.settings).filter { $0.name != LocalRuntime.providerName }
        let base = all.map { settings in
            let reason =
                failing.first { $0.settings.name == settings.name }?.reason
                ?? refused.last(of: settings.name, .base, as: scope)
            return ServerCheck(
                .provider, named: settings.name, reason == nil ? .ok : .failed,
                reason.map { $0.naming(settings).message } ?? "No failure is known",
                remedy: reason.map { ServiceReport.advice(on: $0, settings).first ?? Self.providerRemedy })
        }
        let rows = try await core.storage.read(as: scope) { db in try ProviderStore.all(db) }
        let own = rows.map { row in
            let refusal = refused.last(of: row.name, .byok, since: row.updatedAt, as: scope)
            let error = row.lastError ?? refusal?.message
            return ServerCheck(
                .provider, named: row.name, error == nil ? .ok : .failed,
                error ?? (row.lastSynced == nil ? "Not asked yet" : "Listed its models"),
                at: error == nil ? row.lastSynced : nil, remedy: error.map { _ in Self.providerRemedy })
        }
        guard !base.isEmpty || !own.isEmpty else {
            return [
                ServerCheck(
                    .provider, .ok, "No provider is set up",
                    remedy: "Add one with POST /v1/providers/, or in the environment of the server.")
            ]
        }
        return base + own
    }

    private static let providerRemedy = "Check the provider's address and key, then list its models again."

    private func servers(as scope: Scope) async throws -> [ServerCheck] {
        let rows = try await core.storage.read(as: scope) { db in
            try MCPServerStore.page(ListMCPServers(), db).items
        }
        return rows.map { row in
            ServerCheck(
                .mcpServer, named: row.serverName, row.lastError == nil ? .ok : .failed,
                row.lastError ?? "No failure is known",
                remedy: row.lastError == nil ? nil : "Check its address or command, then list its tools again.")
        }
    }

    private func backup() async throws -> ServerCheck {
        let schedule = try await backups.schedule()
        if let error = schedule.error {
            return ServerCheck(
                .backup, .failed, "The last copy of the database failed: \(error)", at: schedule.failedAt,
                remedy: "Remove the reason; the copy is tried again every ten minutes.")
        }
        guard core.storage.dialect == .sqlite else {
            return ServerCheck(.backup, .ok, "PostgreSQL is copied by its own tools; this server does not know when")
        }
        let newest = try await backups.backups.list().first { [.made, .scheduled].contains($0.kind) }
        guard schedule.everyHours == nil else {
            return ServerCheck(
                .backup, .ok, newest == nil ? "The first copy is on its way" : "The last copy was made",
                at: newest?.createdAt)
        }
        let isOld = newest.map { $0.createdAt < core.now().adding(days: -Self.oldestCopy) } ?? true
        return ServerCheck(
            .backup, isOld ? .warning : .ok,
            newest == nil
                ? "The database was never copied, and there is no schedule"
                : "There is no schedule; the last copy was made",
            at: newest?.createdAt, remedy: "Set a schedule: PATCH /v1/server/backup-schedule, or LETTA_BACKUP_EVERY.")
    }

    private func agents(as scope: Scope) async throws -> ServerCheck {
        var query = ListAgentSummaries()
        query.state = .failed
        query.limit = Self.mostNames + 1
        let now = core.now()
        let failed = try await core.storage.read(as: scope) { [query] db in
            try AgentSummaryStore.page(query, at: now, db).items
        }
        guard !failed.isEmpty else { return ServerCheck(.agents, .ok, "No agent's last run has failed") }
        let names = failed.prefix(Self.mostNames).map(\.name).joined(separator: ", ")
        return ServerCheck(
            .agents, .warning,
            "The last run failed: \(names)\(failed.count > Self.mostNames ? " and others" : "")",
            remedy: "Open the agent's last run: it says why, and what to do.")
    }
}
