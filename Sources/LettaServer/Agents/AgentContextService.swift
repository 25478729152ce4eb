import AgentEngine
import JSON
import LettaAPI
import Storage

/// Shows the contents of an agent's context window, and recompiles its system message.
struct AgentContextService: Sendable {
    let core: Core

    /// The parts of the context window: those of the system message, the tools and the messages.
    func window(of id: ID<AgentState>, _ query: RetrieveContext, as scope: Scope) async throws -> ContextWindow {
        let conversation = query.conversationID == "default" ? nil : query.conversationID.map { ID<Conversation>($0) }
        return try await core.storage.read(as: scope) { db in
            guard let row = try AgentStore.row(id, db) else { throw APIError.notFound("Agent", id) }
            let thread = try conversation.map { conversation in
                let thread = try ConversationService.row(conversation, db)
                guard thread.agentID == id else { throw APIError.notFound("Conversation", conversation) }
                return thread
            }
            let messages = try SystemMessageService.current(
                thread.map { try ConversationMessageStore.context(of: $0.id, db) }
                    ?? MessageStore.context(of: id, db), db)
            let tools = try ToolStore.tools(of: [id], db)[id] ?? []
            var window = ContextWindow(sizeMax: row.contextWindow)
            window.messageCount = messages.count
            window.recallMemoryCount = row.nextMessagePosition
            window.archivalMemoryCount = try ArchivalMemoryService.summary(of: id, db).count
            if messages.first?.role == .system {
                let compiled = try thread.flatMap { try ConversationSystemMessage.compile([$0], of: [row], db)[$0.id] }
                window.fill(from: try (compiled ?? SystemMessageService.compile(row, db)).context)
            } else {
                window.system = Self.part(row.system)
            }
            window.messages = try messages.map { try $0.wire(in: row.timezone) }
            window.messageTokens =
                messages.filter { $0.role != .system }.map { TokenEstimate.tokens(in: $0.content.text) }.reduce(0, +)
            window.functions = try tools.compactMap(\.jsonSchema).map(Self.function)
            window.functionTokens = window.functions.map { TokenEstimate.tokens(in: $0.text) }.reduce(0, +)
            window.sizeCurrent =
                window.system.tokens + window.coreMemory.tokens + window.toolUsageRules.tokens
                + window.directories.tokens + window.externalMemorySummary.tokens + window.functionTokens
                + window.messageTokens
            return window
        }
    }

    /// Recompiles the system message and returns the new text.
    func recompile(_ id: ID<AgentState>, _ query: RecompileAgent, as scope: Scope) async throws -> String {
        let time = core.now()
        if query.dryRun == true {
            return try await core.storage.read(as: scope) { db in
                var row = try Self.rowWithSystemMessage(id, db)
                row.systemCompiledAt = time
                return try SystemMessageService.compile(row, db).context.text
            }
        }
        return try await core.storage.write(as: scope) { db in
            _ = try Self.rowWithSystemMessage(id, db)
            let timeLine: SystemMessageService.TimeLine = query.updateTimestamp == true ? .renewed(time) : .kept
            try SystemMessageService.refresh(id, timeLine, at: time, db)
            guard let message = try MessageStore.systemMessage(of: id, db) else {
                throw Self.noSystemMessage(id)
            }
            return try message.content.value()[0]?["text"]?.string ?? ""
        }
    }

    private static func rowWithSystemMessage(_ id: ID<AgentState>, _ db: Transaction) throws -> AgentRow {
        guard let row = try AgentStore.row(id, db) else { throw APIError.notFound("Agent", id) }
        guard try MessageStore.systemMessage(of: id, db) != nil else { throw noSystemMessage(id) }
        return row
    }

    private static func noSystemMessage(_ id: ID<AgentState>) -> APIError {
        APIError(404, "No system message found for agent '\(id)'")
    }

    /// A tool's schema as it is sent to providers.
    private static func function(_ schema: RawJSON) throws -> RawJSON {
        guard case .object(var function) = try schema.value() else { return schema }
        function["strict"] = .null
        return RawJSON(["function": .object(function), "type": "function"] as JSONValue)
    }

    fileprivate static func part(_ text: String) -> ContextWindow.Part {
        ContextWindow.Part(text: text, tokens: TokenEstimate.tokens(in: text))
    }
}

extension ContextWindow {
    /// Sets the parts of a compiled system message and their token counts.
    fileprivate mutating func fill(from compiled: CompiledContext) {
        system = AgentContextService.part(compiled.systemPrompt)
        coreMemory = AgentContextService.part(compiled.coreMemory)
        externalMemorySummary = AgentContextService.part(compiled.externalMemorySummary)
        if let rules = compiled.toolUsageRules { toolUsageRules = AgentContextService.part(rules) }
        if let text = compiled.directories { directories = AgentContextService.part(text) }
    }
}
