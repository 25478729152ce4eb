import AgentEngine
import JSON
import LettaAPI
import Storage

/// An agent file that is about to be imported: checked as far as that needs no database.
struct AgentImport: Sendable {
    struct Settings: Sendable {
        var name: String?
        var appendsCopySuffix = true
        var overridesTools = true
        var stripsMessages = false
        var projectID: String?
        var secrets: [String: String] = [:]
        /// Replaces the model of all agents.
        var model: LLMConfig?
        /// Replaces the embedding model of all agents and folders.
        var embedding: EmbeddingConfig?
    }

    var document: AgentFileDocument
    /// What does not get a new id.
    struct KeptIDs: Sendable {
        /// What agents are to be called, by their ids within the file.
        var agents: [String: ID<AgentState>] = [:]
        /// Messages that keep their ids of the file.
        var messages: [String: AgentTransfer.Source.Origin] = [:]
        /// Blocks, folders, files, archives and conversations that keep their ids of the file. Those that are here are
        /// used as they are, but for conversations.
        var rows: Set<String> = []
    }

    let settings: Settings
    var kept = KeptIDs()

    /// - Throws: `APIError` 400 that names the first invalid field.
    init(_ document: AgentFileDocument, _ settings: Settings) throws {
        self.document = document
        self.settings = settings
        rename()
        try checkIDs()
        try checkReferences()
        for (index, entry) in document.agents.enumerated() { try Self.check(entry, "agents.\(index)") }
        for (index, tool) in document.tools.enumerated() { try Self.check(tool, "tools.\(index)") }
        try checkTexts()
    }

    private mutating func rename() {
        for index in document.agents.indices {
            let name = document.agents[index].agent.name ?? ""
            if index == 0, let given = settings.name {
                document.agents[index].agent.name = given
            } else if settings.appendsCopySuffix {
                document.agents[index].agent.name = "\(name)_copy"
            }
        }
    }

    // MARK: Ids

    private func checkIDs() throws {
        try Self.checkUnique(document.agents.map(\.id), "agents")
        try Self.checkUnique(document.groups.map(\.id), "groups")
        try Self.checkUnique(document.blocks.map(\.id), "blocks")
        try Self.checkUnique(document.files.map(\.id), "files")
        try Self.checkUnique(document.sources.map(\.id), "sources")
        try Self.checkUnique(document.tools.map(\.id), "tools")
        try Self.checkUnique(document.mcpServers.map(\.id), "mcp_servers")
        try Self.checkUnique(document.tools.compactMap(\.name), "tools", member: "name")
        try Self.checkUnique(document.sources.map(\.name), "sources", member: "name")
        try Self.checkUnique((document.archives ?? []).map(\.id), "archives")
        try Self.checkUnique((document.identities ?? []).map(\.id), "identities")
        try Self.checkUnique((document.skills ?? []).map(\.name), "skills", member: "name")
    }

    private static func checkUnique(_ ids: [String], _ list: String, member: String = "id") throws {
        var seen: Set<String> = []
        for (index, id) in ids.enumerated() where !seen.insert(id).inserted {
            throw AgentFileProblem.at("\(list).\(index).\(member)", "'\(id)' stands there twice")
        }
    }

    private func checkReferences() throws {
        let agents = Set(document.agents.map(\.id))
        let blocks = Set(document.blocks.map(\.id))
        let tools = Set(document.tools.map(\.id))
        let sources = Set(document.sources.map(\.id))
        let files = Dictionary(document.files.map { ($0.id, $0.sourceID) }) { $1 }
        for (index, entry) in document.agents.enumerated() {
            let place = "agents.\(index)"
            try Self.check(entry.agent.blockIDs ?? [], in: blocks, "blocks", "\(place).block_ids")
            try Self.check(entry.agent.toolIDs ?? [], in: tools, "tools", "\(place).tool_ids")
            try Self.check(entry.folders, in: sources, "sources", "\(place).source_ids")
            let archives = Set((document.archives ?? []).map(\.id))
            try Self.check(entry.archiveIDs, in: archives, "archives", "\(place).archive_ids")
            try Self.checkUnique(entry.archiveIDs, "\(place).archive_ids")
            let identities = Set((document.identities ?? []).map(\.id))
            try Self.check(entry.identities, in: identities, "identities", "\(place).identities")
            for (number, conversation) in entry.conversations.enumerated() {
                try Self.check(conversation, blocks, "\(place).conversations.\(number)")
            }
            try Self.checkUnique(entry.messages.map(\.id), "\(place).messages")
            try Self.checkUnique(entry.inContextMessageIDs, "\(place).in_context_message_ids")
            try Self.check(
                entry.inContextMessageIDs, in: Set(entry.messages.map(\.id)), "messages",
                "\(place).in_context_message_ids")
            for (number, file) in entry.filesAgents.enumerated() {
                let place = "\(place).files_agents.\(number)"
                guard let source = files[file.fileID] else {
                    throw AgentFileProblem.at("\(place).file_id", "'\(file.fileID)' is not in files")
                }
                guard entry.folders.contains(source) else {
                    throw AgentFileProblem.at("\(place).source_id", "the agent does not have the folder '\(source)'")
                }
            }
            try Self.checkUnique(entry.filesAgents.map(\.fileID), "\(place).files_agents", member: "file_id")
        }
        for (index, group) in document.groups.enumerated() {
            try Self.check(group.agentIDs, in: agents, "agents", "groups.\(index).agent_ids")
            try Self.check(group.sharedBlockIDs ?? [], in: blocks, "blocks", "groups.\(index).shared_block_ids")
            let manager = group.managerConfig?.managerAgentID.value.map { [$0.rawValue] } ?? []
            try Self.check(manager, in: agents, "agents", "groups.\(index).manager_config.manager_agent_id")
        }
        for (index, file) in document.files.enumerated() {
            try Self.check([file.sourceID], in: sources, "sources", "files.\(index).source_id")
        }
    }

    private static func check(
        _ conversation: AgentFileDocument.ConversationEntry, _ blocks: Set<String>, _ place: String
    ) throws {
        let messages = conversation.messages.map(\.id)
        try checkUnique(messages, "\(place).messages")
        try checkUnique(conversation.inContextMessageIDs, "\(place).in_context_message_ids")
        try check(
            conversation.inContextMessageIDs, in: Set(messages), "messages", "\(place).in_context_message_ids")
        let isolated = conversation.isolatedBlocks ?? []
        try check(isolated.map(\.blockID), in: blocks, "blocks", "\(place).isolated_blocks")
        try checkUnique(isolated.map(\.label), "\(place).isolated_blocks", member: "label")
    }

    private static func check(_ ids: [String], in known: Set<String>, _ list: String, _ place: String) throws {
        for (index, id) in ids.enumerated() where !known.contains(id) {
            throw AgentFileProblem.at("\(place).\(index)", "'\(id)' is not in \(list)")
        }
    }

    // MARK: Content

    /// Says where in the file something is that breaks a rule of this server.
    static func within<Result>(_ place: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as APIError where error.status < 500 {
            throw AgentFileProblem.at(place, error.explanation)
        }
    }

    private static func check(_ entry: AgentFileDocument.AgentEntry, _ place: String) throws {
        try within(place) { try AgentRules.check(entry.agent) }
        _ = try within("\(place).tool_rules") { try AgentRules.toolRules(entry.agent.toolRules ?? []) }
    }

    private static func check(_ tool: AgentFileDocument.ToolEntry, _ place: String) throws {
        guard let name = tool.name, !name.isEmpty else {
            throw AgentFileProblem.at("\(place).name", "a tool needs a name")
        }
        guard ToolService.types.contains(tool.type) else {
            throw AgentFileProblem.at("\(place).tool_type", "'\(tool.type)' is no type of tools")
        }
        guard !tool.isBuiltIn else { return }
        try within(place) {
            try KeyText.check("name", name)
            try KeyText.check("tags", tool.tags)
            try ToolRules.check(sourceType: tool.sourceType)
            try ToolRules.check(returnLimit: tool.returnCharLimit)
            try ToolRules.checkNameIsFree(name)
        }
        guard tool.type == ToolService.custom else { return }
        try within("\(place).source_code") { try ToolRules.check(source: tool.sourceCode ?? "") }
        guard try tool.jsonSchema?.json.value()["name"]?.string == name else {
            throw AgentFileProblem.at("\(place).json_schema", "the schema must have the tool's name, '\(name)'")
        }
    }

    private func checkTexts() throws {
        for (index, block) in document.blocks.enumerated() {
            try Self.within("blocks.\(index)") {
                try KeyText.check("label", block.label)
                try KeyText.check("tags", block.tags)
            }
        }
        for (index, source) in document.sources.enumerated() {
            try Self.within("sources.\(index)") { try KeyText.check("name", source.name) }
        }
        for (index, archive) in (document.archives ?? []).enumerated() {
            try Self.within("archives.\(index)") {
                try KeyText.check("name", archive.name)
                for passage in archive.passages { try KeyText.check("tags", passage.tags) }
            }
        }
        for (index, identity) in (document.identities ?? []).enumerated() {
            try Self.within("identities.\(index)") { try KeyText.check("name", identity.name, identity.identifierKey) }
        }
        for (index, skill) in (document.skills ?? []).enumerated() {
            try Self.within("skills.\(index)") { try KeyText.check("name", skill.name) }
        }
        for (index, file) in document.files.enumerated() {
            try Self.within("files.\(index)") { try KeyText.check("file_name", file.fileName) }
        }
    }
}

extension AgentFileDocument.AgentEntry {
    /// The ids of its folders in either spelling.
    var folders: [String] {
        ((agent.sourceIDs ?? []) + (agent.folderIDs ?? [])).map(\.rawValue).withoutDuplicates
    }
}

extension AgentFileDocument.ToolEntry {
    var type: String { toolType ?? ToolService.custom }
    var isBuiltIn: Bool { type.hasPrefix("letta_") }
}
