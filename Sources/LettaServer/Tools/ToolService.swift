import AgentEngine
import JSON
import LettaAPI
import Storage
import ToolRuntime

/// The rules of tools: users' own can be changed, the server's can't.
struct ToolService: Sendable {
    let core: Core
    let runner: PythonToolRunner
    let sandboxes: SandboxService
    let packages: ToolPackageService
    let texts: TextVectors

    static let custom = "custom"
    static let mcp = "external_mcp"
    static let types =
        [custom]
        + [
            "letta_core", "letta_memory_core", "letta_multi_agent_core", "letta_sleeptime_core",
            "letta_voice_sleeptime_core", "letta_builtin", "letta_files_core", "external_langchain",
            "external_composio", mcp,
        ]

    // MARK: Reading

    func retrieve(_ id: ID<Tool>, as scope: Scope) async throws -> Tool {
        let row = try await core.storage.read(as: scope) { db in try db.fetch(ToolStore.table, id) }
        guard let row else { throw APIError.notFound("Tool", id) }
        return row.wire
    }

    func list(_ query: ListTools, as scope: Scope) async throws -> Page<Tool> {
        var filter = CountTools()
        filter.name = query.name
        filter.names = query.names
        filter.toolIDs = query.toolIDs
        filter.search = query.search
        filter.toolTypes = query.toolTypes
        filter.excludeToolTypes = query.excludeToolTypes
        filter.returnOnlyLettaTools = query.returnOnlyLettaTools
        try Self.check(filter)
        return try await core.storage.read(as: scope) { [filter] db in
            try ToolStore.page(query, matching: filter, db)
        }
    }

    func count(_ filter: CountTools, as scope: Scope) async throws -> Int {
        try Self.check(filter)
        return try await core.storage.read(as: scope) { db in try ToolStore.count(matching: filter, db) }
    }

    static func check(_ filter: CountTools) throws {
        try KeyText.check("search", filter.search, in: "query")
        for type in (filter.toolTypes ?? []) + (filter.excludeToolTypes ?? []) where !types.contains(type) {
            throw APIError(
                400, "Invalid tool_type '\(type)'. Must be one of: \(types.joined(separator: ", "))")
        }
    }

    // MARK: Changing

    /// Creates a tool, or replaces the one with its name, which keeps its id and agents.
    func upsert(_ body: CreateTool, as scope: Scope) async throws -> Tool {
        let draft = try await draft(of: body)
        let (id, time) = (core.ids.next(Tool.self), core.now())
        defer { packages.wake() }
        return try await core.storage.write(as: scope) { [packages] db in
            let existing = try ToolStore.rows(named: [draft.name], db).first?.wire
            var row = Stored(draft.tool(id, replacing: existing, in: scope), at: time)
            (row.wire.packagesStatus, row.wire.packagesDetail) = packages.state(
                of: row.wire.pipRequirements, missing: draft.missingPackages)
            try ToolStore.upsert(row, db)
            guard let stored = try ToolStore.rows(named: [draft.name], db).first?.wire else {
                throw APIError.conflict("The tool \(draft.name) was deleted by another request. Retry.")
            }
            return stored
        }
    }

    /// Changes a tool. New source without a schema derives a new schema, and the tool takes the schema's name. A field
    /// that repeats the stored value is no change; if nothing changes, nothing is written.
    func update(_ id: ID<Tool>, applying change: UpdateTool, as scope: Scope) async throws -> Tool {
        let old = try await retrieve(id, as: scope)
        let change = try change.changes(from: old)
        try ToolRules.check(change, of: old)
        try ToolRules.check(sourceType: change.sourceType.value, runsOn: runner)
        let read = try await schema(after: change, of: old)
        let time = core.now()
        defer { packages.wake() }
        return try await core.storage.write(as: scope) { [packages] db in
            guard var row = try db.fetch(ToolStore.table, id, locking: true) else {
                throw APIError.notFound("Tool", id)
            }
            let old = row.wire
            change.apply(to: &row.wire, schema: read?.schema)
            let isUnnamed = ToolPackages(stored: row.wire.pipRequirements) == nil
            if !change.pipRequirements.isKept || isUnnamed && change.sourceCode.value != nil {
                (row.wire.packagesStatus, row.wire.packagesDetail) = packages.state(
                    of: row.wire.pipRequirements, missing: read?.missingPackages ?? [])
            }
            guard !row.wire.isSame(as: old) else { return old }
            if row.wire.name != old.name {
                guard try ToolStore.rows(named: [row.wire.name], db).isEmpty else {
                    throw APIError.conflict("Another tool has the name '\(row.wire.name)' already.")
                }
            }
            row.updatedAt = max(time, row.updatedAt)
            row.wire.lastUpdatedByID = scope.user
            try db.update(row, in: ToolStore.table)
            return row.wire
        }
    }

    func delete(_ id: ID<Tool>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            guard let row = try db.fetch(ToolStore.table, id, locking: true) else {
                throw APIError.notFound("Tool", id)
            }
            guard [Self.custom, Self.mcp].contains(row.wire.toolType) else {
                throw APIError.conflict("\(row.wire.name) is a tool of the server. It can't be deleted.")
            }
            try db.delete(id, from: ToolStore.table)
        }
    }

    /// Seeds the base tools and returns them.
    func addBaseTools(as scope: Scope) async throws -> [Tool] {
        let time = core.now()
        return try await core.storage.write(as: scope) { [core] db in
            try BaseToolService.seed(ids: core.ids, at: time, db)
            return try ToolStore.rows(named: BaseTool.all.map(\.name), db).map(\.wire)
        }
    }

    // MARK: Running

    /// Runs source once, without an agent, and stores nothing. Variables of the request take precedence over those of
    /// the organization.
    func run(_ body: RunTool, as scope: Scope) async throws -> LettaMessage {
        try ToolRules.check(sourceType: body.sourceType)
        let given = body.envVars ?? [:]
        try EnvironmentName.check("env_vars", given.keys.sorted())
        try ToolRules.check(sourceType: body.sourceType, runsOn: runner)
        let language = ToolRules.language(of: body.sourceType)
        let schema = try await read(given: body.jsonSchema, body.sourceCode, language, body.argsJSONSchema).schema
        var call = PythonCall(
            source: body.sourceCode, function: body.name ?? schema["name"]?.string ?? "", shownName: body.name,
            arguments: try body.args.json.value().object ?? [:], schema: .object(schema),
            environment: try await sandboxes.environment(as: scope).merging(given) { $1 })
        call.language = language
        if let wanted = try ToolPackages(body.pipRequirements) {
            guard let folder = packages.folder(of: wanted) else {
                throw APIError(
                    400,
                    "The packages \(wanted.requirements.joined(separator: ", ")) are not installed, and a run installs "
                        + "none. Save a tool with these pip_requirements and wait until its packages_status is ready.")
            }
            call.packages = folder
        }
        let outcome: ToolOutcome = try await Self.translatingFailures { [call] in
            let owner = SandboxOwner(organization: scope.organization, agent: scope.user)
            return ToolOutcome(try await runner.run(call, for: owner))
        }
        return LettaMessage(WireMessage.result(outcome, name: body.name, createdAt: core.now().microseconds))
    }
}

extension ToolOutcome {
    init(_ result: PythonResult) {
        self.init(result.shown, succeeded: result.succeeded, stdout: result.stdout, stderr: result.stderr)
    }
}
