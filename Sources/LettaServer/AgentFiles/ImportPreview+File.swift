import JSON
import LettaAPI
import Storage

extension ImportPreview {
    /// What the file would create in this database.
    init(_ file: AgentImport, _ db: Transaction) throws {
        self.init()
        let document = file.document
        blocks = document.blocks.count + document.agents.reduce(0) { $0 + ($1.agent.memoryBlocks?.count ?? 0) }
        groups = document.groups.count
        folders = document.sources.map(\.name)
        files = document.files.count
        skills = (document.skills ?? []).map(\.name)
        archives = (document.archives ?? []).map(\.name)
        passages = (document.archives ?? []).reduce(0) { $0 + $1.passages.count }
        conversations = document.agents.reduce(0) { $0 + $1.conversations.count }
        identities = (document.identities ?? []).map(\.identifierKey)
        let labels = Dictionary(document.blocks.map { ($0.id, $0.label) }) { $1 }
        let names = Dictionary(document.tools.map { ($0.id, $0.name ?? "") }) { $1 }
        agents = document.agents.map { entry in
            var agent = Agent(
                name: entry.agent.name ?? "", agentType: (entry.agent.agentType ?? .lettaV1).rawValue)
            agent.model = entry.agent.llmConfig.map { $0.handle ?? $0.model }
            agent.embedding = entry.agent.embeddingConfig.map { $0.handle ?? $0.embeddingModel }
            agent.messages = file.settings.stripsMessages ? 0 : entry.messages.count
            agent.blocks =
                (entry.agent.memoryBlocks ?? []).map(\.label) + (entry.agent.blockIDs ?? []).compactMap { labels[$0] }
            agent.tools = (entry.agent.toolIDs ?? []).compactMap { names[$0] } + (entry.agent.tools ?? [])
            return agent
        }
        let known = try AgentImporter.existingTools(document, db)
        tools = document.tools.map { entry in
            let name = entry.name ?? ""
            var tool = Tool(
                name: name, toolType: entry.type,
                action: entry.action(known[name], overriding: file.settings.overridesTools))
            tool.sourceCode = entry.isBuiltIn ? nil : entry.sourceCode
            tool.pipRequirements = entry.pipRequirements
            return tool
        }
        mcpServers = try document.mcpServers.map { entry in
            let isKnown = try AgentTransferStore.server(named: entry.serverName, db) != nil
            return Server(
                name: entry.serverName, type: entry.serverType, action: isKnown ? .use : .create,
                reachedBy: entry.serverURL ?? entry.command)
        }
        let variables = document.agents.flatMap { entry in
            (entry.agent.secrets ?? entry.agent.toolExecEnvironmentVariables ?? [:]).keys
        }
        environmentVariables = Set(variables).union(file.settings.secrets.keys).sorted()
        network = Self.network(document)
    }

    private static func network(_ document: AgentFileDocument) -> [NetworkAccess] {
        let models = document.agents.compactMap { entry in
            entry.agent.llmConfig?.modelEndpoint.map {
                NetworkAccess(address: $0, reason: "the model of agent '\(entry.agent.name ?? "")'")
            }
        }
        let embedders = document.agents.compactMap { entry in
            entry.agent.embeddingConfig?.embeddingEndpoint.map {
                NetworkAccess(address: $0, reason: "the embedding model of agent '\(entry.agent.name ?? "")'")
            }
        }
        let servers = document.mcpServers.compactMap { entry in
            entry.serverURL.map { NetworkAccess(address: $0, reason: "the MCP server '\(entry.serverName)'") }
        }
        return (models + embedders + servers).withoutDuplicates
    }
}

extension AgentFileDocument.ServerEntry {
    /// The command line of a local server.
    fileprivate var command: String {
        let config = (try? stdioConfig?.json.value()) ?? .null
        let arguments = config["args"]?.array?.compactMap(\.string) ?? []
        return ([config["command"]?.string ?? ""] + arguments).joined(separator: " ")
    }
}
