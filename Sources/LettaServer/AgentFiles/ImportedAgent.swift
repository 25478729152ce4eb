import AgentEngine
import JSON
import LettaAPI
import Storage

/// The row of an agent of a file.
struct ImportedAgent {
    let row: AgentRow

    /// - Throws: `APIError` 400 when the agent names no model.
    init(
        _ entry: AgentFileDocument.AgentEntry, _ settings: AgentImport.Settings, id: ID<AgentState>,
        at time: Timestamp, _ place: String, _ db: Transaction
    ) throws {
        let agent = entry.agent
        guard let config = agent.llmConfig else {
            throw AgentFileProblem.at("\(place).llm_config", "the agent names no model. Give one in the field 'model'.")
        }
        let kind = agent.agentType.flatMap { AgentKind(rawValue: $0.rawValue) } ?? .standard
        let model = AgentModel(config: config)
        try AgentImport.within("\(place).llm_config") { try model.validate() }
        let rules = try AgentRules.toolRules(agent.toolRules ?? [])
        let files = FileLimits(contextWindow: config.contextWindow)
        var origin = TemplateOrigin()
        origin.projectID = settings.projectID ?? db.project ?? agent.projectID
        origin.templateID = agent.templateID
        origin.baseTemplateID = agent.baseTemplateID
        row = AgentRow(
            id: id, origin: origin, name: agent.name ?? "", agentType: agent.agentType ?? .lettaV1,
            system: agent.system ?? PromptText.system(for: kind), description: agent.description,
            metadata: agent.metadata, toolRules: RawJSON(JSONValue.array(rules.map(\.json))),
            llmConfig: Document(config), embeddingConfig: agent.embeddingConfig.map { Document($0) },
            model: config.handle, embedding: agent.embeddingConfig?.handle, modelSettings: Document(model.settings),
            compactionSettings: Document((agent.compactionSettings ?? CompactionSettings()).filled(for: config)),
            responseFormat: agent.responseFormat, memoryVariables: RawJSON(agent.memoryVariables ?? [:]),
            contextWindow: config.contextWindow, timezone: agent.timezone ?? "UTC",
            messageBufferAutoclear: agent.messageBufferAutoclear ?? false, enableSleeptime: agent.enableSleeptime,
            hidden: agent.hidden,
            // The usual limits follow the context window, as before.
            maxFilesOpen: agent.maxFilesOpen == files.openFiles ? nil : agent.maxFilesOpen,
            perFileViewWindowCharLimit: agent.perFileViewWindowCharLimit == files.charactersPerFile
                ? nil : agent.perFileViewWindowCharLimit,
            lastRunCompletion: nil, lastRunDurationMilliseconds: nil, lastStopReason: nil, nextMessagePosition: 0,
            systemCompiledAt: time, createdByID: db.user, lastUpdatedByID: db.user, createdAt: time, updatedAt: time)
    }
}

/// The messages of an agent of a file, with a system message at the start of the context.
struct AgentHistory {
    private(set) var messages: [MessageRow]
    /// The places of messages in the context.
    private(set) var context: [ID<Message>: Int]
    /// The system message, when it was compiled from the agent's blocks as they are; otherwise its next reader compiles
    /// it.
    private(set) var currentSystemMessage: ID<Message>?
    private(set) var systemCompiledAt: Timestamp?
    private(set) var conversations: [ConversationParts] = []

    /// The messages of a conversation, new ones and those of other conversations.
    struct ConversationParts {
        let id: ID<Conversation>
        let agent: ID<AgentState>
        var parts: [LettaImportStore.Part] = []
        var lastMessageAt: Timestamp?
        /// When its system message was compiled.
        var systemCompiledAt: Timestamp?
    }

    init(
        _ entry: AgentFileDocument.AgentEntry, of agent: AgentRow, _ blocks: [BlockRow],
        needingApproval tools: [AgentFileDocument.ToolEntry], strips: Bool, _ place: String, _ ids: ImportedIDs,
        at time: Timestamp
    ) throws {
        let compiled = try SystemMessageService.compile(
            agent, blocks: blocks, archival: ArchivalSummary(), previousMessages: 0
        ).context.text
        let fresh = TurnMessage(
            id: ids.next().rawValue, role: .system, parts: [.text(compiled)], createdAt: time.microseconds)
        let model = try agent.llmConfig.content().model
        guard !strips, !entry.messages.isEmpty else {
            let first = [fresh] + AgentDraft.startingMessages(for: agent, at: time, ids: ids.new)
            messages = first.enumerated().map { MessageRow($1, agentID: agent.id, position: $0, model: model) }
            context = Dictionary(uniqueKeysWithValues: messages.map { ($0.id, $0.position) })
            currentSystemMessage = messages[0].id
            if !strips { try addConversations(entry, of: agent, tools, place, ids, at: time) }
            return
        }
        (messages, context) = try Self.rows(entry, of: agent, tools, place, ids, at: time)
        let head = messages.firstIndex { context[$0.id] == 0 }
        if let head, messages[head].role == .system {
            try takeOver(head, compiled: compiled, agent.id)
        } else {
            prepend(MessageRow(fresh, agentID: agent.id, position: 0, model: model))
        }
        try addConversations(entry, of: agent, tools, place, ids, at: time)
    }

    private static func reader(
        _ agent: AgentRow, _ tools: [AgentFileDocument.ToolEntry], at time: Timestamp
    ) throws -> MessageImport {
        let kind = AgentKind(rawValue: agent.agentType.rawValue) ?? .standard
        let ruled = try agent.rules().filter { $0.effect == .requiresApproval }.map(\.tool)
        let marked = tools.filter { $0.defaultRequiresApproval == true }.compactMap(\.name)
        return MessageImport(
            agent: agent.id, loop: kind.loop, approvalTools: Set(ruled + marked), time: time)
    }

    /// The conversations beside the agent's own. Their messages come after those, in the order of the file.
    private mutating func addConversations(
        _ entry: AgentFileDocument.AgentEntry, of agent: AgentRow, _ tools: [AgentFileDocument.ToolEntry],
        _ place: String, _ ids: ImportedIDs, at time: Timestamp
    ) throws {
        guard !entry.conversations.isEmpty else { return }
        let reader = try Self.reader(agent, tools, at: time)
        let ownRows = messages.suffix(entry.messages.count)
        var known = Dictionary(zip(entry.messages.map(\.id), ownRows)) { first, _ in first }
        for (number, conversation) in entry.conversations.enumerated() {
            var parts = ConversationParts(id: ids.conversation(conversation.id), agent: agent.id)
            let places = Dictionary(
                uniqueKeysWithValues: conversation.inContextMessageIDs.enumerated().map { ($1, $0) })
            for (index, message) in conversation.messages.enumerated() {
                let row =
                    try known[message.id]
                    ?? ids.completed(
                        reader.row(
                            message, id: ids.message(message.id), position: messages.count,
                            place: "\(place).conversations.\(number).messages.\(index)"))
                let isHead = index == 0 && row.role == .system
                if known[message.id] == nil { messages.append(try own(row, parts.id, isHead: isHead)) }
                known[message.id] = row
                parts.lastMessageAt = row.createdAt
                if isHead { parts.systemCompiledAt = row.createdAt }
                parts.parts.append(
                    .init(
                        message: row.id.rawValue, position: isHead ? -1 : row.position,
                        contextPosition: places[message.id].map { isHead ? -1 : $0 }))
            }
            conversations.append(parts)
        }
    }

    /// A message that is sent in a conversation. The system message says which one it is in.
    private func own(_ row: MessageRow, _ conversation: ID<Conversation>, isHead: Bool) throws -> MessageRow {
        var row = row
        row.conversationID = conversation
        guard isHead, let text = try row.turnMessage().text else { return row }
        let named = Self.replacing("- AGENT_ID: ", in: text, by: row.agentID.rawValue)
        row.content = MessageRow.content(
            [.text(Self.replacing("- CONVERSATION_ID: ", in: named, by: conversation.rawValue))])
        return row
    }

    private static func rows(
        _ entry: AgentFileDocument.AgentEntry, of agent: AgentRow, _ tools: [AgentFileDocument.ToolEntry],
        _ place: String, _ ids: ImportedIDs, at time: Timestamp
    ) throws -> ([MessageRow], [ID<Message>: Int]) {
        let reader = try reader(agent, tools, at: time)
        var known: [String: ID<Message>] = [:]
        let rows = try entry.messages.enumerated().map { position, message in
            let id = ids.message(message.id)
            known[message.id] = id
            return ids.completed(
                try reader.row(message, id: id, position: position, place: "\(place).messages.\(position)"))
        }
        let context = entry.inContextMessageIDs.enumerated().compactMap { place, id in known[id].map { ($0, place) } }
        return (rows, Dictionary(uniqueKeysWithValues: context))
    }

    /// Keeps the file's system message, with the agent's new id. It says what it said, unless the blocks or the prompt are
    /// others.
    private mutating func takeOver(_ head: Int, compiled: String, _ agent: ID<AgentState>) throws {
        guard let text = try messages[head].turnMessage().text else { return }
        let named = Self.replacing("- AGENT_ID: ", in: text, by: agent.rawValue)
        // The file may hold another conversation, which is the agent's own now.
        let renamed = Self.replacing("- CONVERSATION_ID: ", in: named, by: "default")
        messages[head].content = MessageRow.content([.text(renamed)])
        systemCompiledAt = messages[head].createdAt
        if Self.withoutMetadata(text) == Self.withoutMetadata(compiled) { currentSystemMessage = messages[head].id }
    }

    private mutating func prepend(_ system: MessageRow) {
        for index in messages.indices { messages[index].position += 1 }
        context = context.mapValues { $0 + 1 }
        messages.insert(system, at: 0)
        context[system.id] = 0
        currentSystemMessage = system.id
    }

    private static func metadata(in text: String) -> Range<String.Index>? {
        guard let start = text.ranges(of: "<memory_metadata>").last?.lowerBound,
            let end = text[start...].firstRange(of: "</memory_metadata>")?.upperBound
        else { return nil }
        return start..<end
    }

    private static func withoutMetadata(_ text: String) -> String {
        guard let metadata = metadata(in: text) else { return text }
        return String(text[..<metadata.lowerBound] + text[metadata.upperBound...])
    }

    private static func replacing(_ name: String, in text: String, by value: String) -> String {
        guard let metadata = metadata(in: text),
            let start = text[metadata].firstRange(of: name)?.upperBound,
            let end = text[start..<metadata.upperBound].firstIndex(where: \.isNewline)
        else { return text }
        return text[..<start] + value + text[end...]
    }
}
