import JSON
import LettaAPI
import Logging
import MCPClient
import ModelProviders
import Storage
import ToolRuntime

/// Connects to MCP servers: decrypts the secrets of their rows, and starts nothing that the operator has not listed.
struct MCPConnector: Sendable {
    let core: Core
    let secrets: SecretBox
    let egress: EgressClient
    let policy: MCPPolicy
    let authorizations: MCPAuthorizationService
    let sessions: MCPSessions

    /// Opens a session with the server of a row and calls `body` with it.
    ///
    /// - Parameter agent: whose environment variables stand for `{{ NAME }}` in the values of headers.
    /// - Throws: `MCPFailure`, `CancellationError`, `APIError` for a secret that can't be decrypted.
    func callAsFunction<Value: Sendable>(
        _ row: MCPServerRow, for agent: ID<AgentState>?, limits: MCPLimits = MCPLimits(), as scope: Scope,
        _ body: @escaping @Sendable (MCPSession) async throws -> Value
    ) async throws -> Value {
        try await noting(row, as: scope) {
            try await sessions.connection(limits: limits)(endpoint(of: row, for: agent, as: scope), body)
        }
    }

    /// Notes in the row whether the server could be used.
    private func noting<Value: Sendable>(
        _ row: MCPServerRow, as scope: Scope, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            let value = try await body()
            if row.lastError != nil { await note(nil, about: row, as: scope) }
            return value
        } catch let failure as MCPFailure {
            // A call that the server rejects says nothing of the server.
            if case .rejected = failure.kind { throw failure }
            await note(failure.message, about: row, as: scope)
            throw failure
        }
    }

    /// Notes in the server's row why it could not be used, or that it could. A server that is not stored has none.
    private func note(_ error: String?, about row: MCPServerRow, as scope: Scope) async {
        do {
            try await core.storage.write(as: scope) { db in try MCPServerStore.setLastError(error, of: row.id, db) }
        } catch {
            core.logger.error(
                "The state of an MCP server was not stored", metadata: ["mcp.server": "\(row.id)", "error": "\(error)"])
        }
    }

    func tools(
        of row: MCPServerRow, for agent: ID<AgentState>? = nil, limits: MCPLimits = MCPLimits(), as scope: Scope
    ) async throws -> [MCPTool] {
        try await self(row, for: agent, limits: limits, as: scope) { try await $0.tools() }
    }

    /// Calls a tool, and stores the server's tools if it says meanwhile that they are others.
    ///
    /// - Parameter agent: who calls, in a session of its own that lasts for its next calls; nil for a session for this one.
    func call(
        _ tool: String, of row: MCPServerRow, _ arguments: JSONObject, for agent: ID<AgentState>? = nil, as scope: Scope
    ) async throws -> MCPCallResult {
        let body: @Sendable (MCPSession) async throws -> (MCPCallResult, [MCPTool]?) = { session in
            (try await session.call(tool, arguments), try await session.changedTools())
        }
        let (result, changed): (MCPCallResult, [MCPTool]?)
        if let agent {
            let owner = MCPSessions.Owner(server: row.id.rawValue, user: "\(scope.organization)/\(agent)")
            (result, changed) = try await noting(row, as: scope) {
                try await sessions.use(endpoint(of: row, for: agent, as: scope), of: owner, body)
            }
        } else {
            (result, changed) = try await self(row, for: nil, as: scope, body)
        }
        if let changed { await store(changed, of: row, as: scope) }
        return result
    }

    /// The call was made, whether its server's tools can be stored or not.
    private func store(_ tools: [MCPTool], of row: MCPServerRow, as scope: Scope) async {
        do {
            _ = try await MCPToolSync.store(tools, isWhole: true, of: row, core, as: scope)
        } catch {
            core.logger.warning(
                "Tools of an MCP server were not stored", metadata: ["mcp.server": "\(row.id)", "error": "\(error)"])
        }
    }

    // MARK: The way to a server

    private func endpoint(of row: MCPServerRow, for agent: ID<AgentState>?, as scope: Scope) async throws -> MCPEndpoint
    {
        switch MCPServerType(rawValue: row.serverType) {
        case .stdio?: try stdio(row)
        case .sse?: .eventStream(try await remote(row, for: agent, as: scope))
        case .streamableHTTP?: .streamableHTTP(try await remote(row, for: agent, as: scope))
        case nil: throw MCPFailure(.forbidden, "Servers of type '\(row.serverType)' are not known.")
        }
    }

    private func stdio(_ row: MCPServerRow) throws -> MCPEndpoint {
        guard !policy.isStdioDisabled else {
            throw MCPFailure(.forbidden, "stdio MCP servers are disabled. MCP_DISABLE_STDIO=false enables them.")
        }
        let arguments = (try? row.args?.value())?.array?.compactMap(\.string) ?? []
        var environment: [String: String] = [:]
        for (name, sealed) in MCPServerRow.values(row.sealedEnv) ?? [:] {
            environment[name] = try secrets.open(sealed, for: row.place(of: "env/\(name)"), variable: name)
        }
        let command = StdioCommand(words: [row.command ?? ""] + arguments, environment: environment)
        guard var entry = policy.commands.entry(for: command) else {
            throw MCPFailure(
                .forbidden,
                "'\((row.command ?? "").prefix(200))' is no command that this server may start. The operator lists those in "
                    + "LETTA_MCP_STDIO_COMMANDS.")
        }
        entry.canForbidNamespaces = ToolSandbox.canForbidNamespaces
        return .stdio(command, entry)
    }

    /// Names that are the connection's business.
    private static let ownHeaders: Set = [
        "host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer",
    ]

    private func remote(_ row: MCPServerRow, for agent: ID<AgentState>?, as scope: Scope) async throws -> RemoteServer {
        var headers: [(name: String, value: String)] = []
        for (name, sealed) in MCPServerRow.values(row.sealedCustomHeaders) ?? [:]
        where !Self.ownHeaders.contains(name.lowercased()) {
            headers.append(
                (name, try secrets.open(sealed, for: row.place(of: "custom_headers/\(name)"), variable: name)))
        }
        if let sealed = row.sealedAuthToken {
            let token = try secrets.open(sealed, for: row.place(of: "auth_token"), variable: "auth_token")
            headers.append((row.authHeader ?? "Authorization", row.authHeader == nil ? "Bearer \(token)" : token))
        }
        if headers.contains(where: { $0.value.contains("{{") }) {
            let variables = try await variables(of: agent, as: scope)
            for index in headers.indices { headers[index].value = Self.filled(headers[index].value, variables) }
            guard headers.allSatisfy({ RowChange.isHeaderValue($0.value) }) else {
                throw MCPFailure(.forbidden, "A variable in a header of the server has a line break.")
            }
        }
        let url = row.serverURL ?? ""
        if !headers.contains(where: { $0.name.lowercased() == "authorization" }),
            let token = try await authorizations.token(for: url, as: scope)
        {
            headers.append(("Authorization", "Bearer \(token)"))
        }
        return RemoteServer(url: url, headers: headers, egress: egress)
    }

    private func variables(of agent: ID<AgentState>?, as scope: Scope) async throws -> [String: String] {
        guard let agent else { return [:] }
        let sealed = try await core.storage.read(as: scope) { db in try AgentStore.sealedSecrets(of: agent, db) }
        var variables = ["AGENT_ID": agent.rawValue]
        for secret in sealed {
            let place = SealedSecret.place(of: secret.name, agent: agent)
            variables[secret.name] = try secrets.open(secret.sealedValue, for: place, variable: secret.name)
        }
        return variables
    }

    /// Puts values in the place of `{{ NAME }}` and `{{ NAME | default }}`.
    static func filled(_ text: String, _ variables: [String: String]) -> String {
        func trimmed(_ text: Substring) -> String {
            String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        var (result, rest) = ("", text[...])
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            result += rest[..<open.lowerBound]
            let parts = rest[open.upperBound..<close.lowerBound].split(separator: "|", maxSplits: 1)
            let name = parts.first.map(trimmed) ?? ""
            result += variables[name] ?? (parts.count > 1 ? trimmed(parts[1]) : "")
            rest = rest[close.upperBound...]
        }
        return result + rest
    }
}

extension MCPFailure {
    /// What callers of the API are told.
    var apiError: APIError {
        switch kind {
        case .forbidden: APIError(400, message)
        case .timeout: APIError(504, message)
        case .unauthorized:
            APIError(502, "\(message) Connect to it with authorization: POST /v1/tools/mcp/servers/connect.")
        case .connection, .ended, .invalidAnswer, .rejected: APIError(502, message)
        }
    }
}
