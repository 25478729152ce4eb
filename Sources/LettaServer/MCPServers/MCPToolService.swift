import JSON
import LettaAPI
import Logging
import MCPClient
import Storage

/// Talks to MCP servers: lists, stores and calls their tools. Nothing waits for a server while a transaction is open.
struct MCPToolService: Sendable {
    let core: Core
    let servers: MCPServerService
    let connector: MCPConnector

    /// A new server is asked for its tools once. A program that is fetched first takes a while.
    private static var first: MCPLimits {
        var limits = MCPLimits()
        limits.retries = 0
        return limits
    }

    /// Creates a server and stores its tools. One that can't be reached is created without, and says why; `refresh` adds
    /// them.
    func create(_ body: CreateMCPServer, as scope: Scope) async throws -> MCPServer {
        let id = try await servers.create(body, as: scope).id
        do {
            let row = try await servers.row(id, as: scope)
            try await store(try await connector.tools(of: row, limits: Self.first, as: scope), of: row, as: scope)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            core.logger.info(
                "The tools of a new MCP server were not read",
                metadata: ["mcp.server": "\(id)", "error": "\(error)"])
        }
        return try await servers.retrieve(id, as: scope)
    }

    // MARK: By id

    func refresh(_ id: ID<MCPServer>, for agent: String?, as scope: Scope) async throws -> MCPToolChanges {
        try await refresh(try await servers.row(id, as: scope), for: agent, as: scope)
    }

    func run(
        _ tool: ID<Tool>, of id: ID<MCPServer>, _ body: RunMCPTool?, as scope: Scope
    ) async throws -> MCPToolResult {
        let row = try await servers.row(id, as: scope)
        let tool = try await servers.tool(tool, of: id, as: scope)
        let origin = try await core.storage.read(as: scope) { db in
            try MCPToolStore.origin(ofToolNamed: tool.name, db)
        }
        guard let origin, origin.server.id == row.id else { throw APIError.notFound("Tool", tool.id) }
        let (succeeded, result) = try await call(origin.remoteName, of: row, body, as: scope)
        return MCPToolResult(succeeded: succeeded, result: result)
    }

    func connect(_ id: ID<MCPServer>, as scope: Scope) async throws -> MCPConnectFrames {
        MCPConnectFrames(service: self, row: try await servers.row(id, as: scope), isStored: true, scope: scope)
    }

    // MARK: By name

    func refresh(named name: String, for agent: String?, as scope: Scope) async throws -> MCPToolChanges {
        try await refresh(try await servers.row(named: name, as: scope), for: agent, as: scope)
    }

    /// What the server offers now, with what is wrong with it.
    func offered(named name: String, as scope: Scope) async throws -> JSONValue {
        let row = try await servers.row(named: name, as: scope)
        return .array(try await offered(row, as: scope).map { MCPToolSchema($0).shown })
    }

    /// Stores one tool of a server.
    func add(_ path: MCPToolPath, as scope: Scope) async throws -> Tool {
        let row = try await servers.row(named: path.server, as: scope)
        guard let tool = try await offered(row, as: scope).first(where: { $0.name == path.tool }) else {
            throw APIError(404, "Tool '\(path.tool)' not found on MCP server '\(path.server)'")
        }
        let schema = MCPToolSchema(tool)
        guard schema.health != .invalid else {
            throw APIError(
                400, "Tool '\(path.tool)' has a schema that can't be used: \(schema.reasons.joined(separator: "; ")).")
        }
        try await store([tool], isWhole: false, of: row, as: scope)
        let stored = try await core.storage.read(as: scope) { db in
            try MCPToolStore.tools(of: row.id, db)[path.tool]?.wire
        }
        guard let stored else { throw APIError.conflict("The tool was deleted by another request. Retry.") }
        return stored
    }

    func execute(_ path: MCPToolPath, _ body: RunMCPTool?, as scope: Scope) async throws -> MCPExecution {
        let row = try await servers.row(named: path.server, as: scope)
        let (succeeded, result) = try await call(path.tool, of: row, body, as: scope)
        return MCPExecution(succeeded: succeeded, result: result)
    }

    // MARK: Servers that need not be stored

    func test(_ body: PutMCPServer, as scope: Scope) async throws -> MCPServerTest {
        let row = try await servers.draft(body, as: scope)
        return MCPServerTest(tools: .array(try await offered(row, as: scope).map { MCPToolSchema($0).shown }))
    }

    func connect(_ body: PutMCPServer, as scope: Scope) async throws -> MCPConnectFrames {
        MCPConnectFrames(
            service: self, row: try await servers.draft(body, as: scope), isStored: false, scope: scope)
    }

    // MARK: Talking

    func offered(_ row: MCPServerRow, for agent: ID<AgentState>? = nil, as scope: Scope) async throws -> [MCPTool] {
        try await Self.translating { try await connector.tools(of: row, for: agent, as: scope) }
    }

    private func refresh(_ row: MCPServerRow, for agent: String?, as scope: Scope) async throws -> MCPToolChanges {
        try await store(try await offered(row, for: agent.map { ID($0) }, as: scope), of: row, as: scope)
    }

    @discardableResult
    func store(
        _ tools: [MCPTool], isWhole: Bool = true, of server: MCPServerRow, as scope: Scope
    ) async throws -> MCPToolChanges {
        try await MCPToolSync.store(tools, isWhole: isWhole, of: server, core, as: scope)
    }

    /// An error of the tool is a result; one of the connection is not.
    private func call(
        _ tool: String, of row: MCPServerRow, _ body: RunMCPTool?, as scope: Scope
    ) async throws -> (succeeded: Bool, result: JSONValue) {
        let arguments = try body?.args?.json.value().object ?? [:]
        do {
            let result = try await connector.call(tool, of: row, arguments, as: scope)
            return (!result.isError, .string(result.text))
        } catch let failure as MCPFailure {
            guard case .rejected = failure.kind else { throw failure.apiError }
            return (false, .string(failure.message))
        }
    }

    private static func translating<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let failure as MCPFailure {
            throw failure.apiError
        }
    }
}
