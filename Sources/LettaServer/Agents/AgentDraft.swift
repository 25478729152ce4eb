import AgentEngine
import JSON
import LettaAPI

/// A new agent on its way to being stored: what was asked for, with defaults for the rest.
struct AgentDraft: Sendable {
    let body: CreateAgent
    let kind: AgentKind
    let id: ID<AgentState>
    let model: AgentModel
    let embedding: EmbeddingConfig?
    let time: Timestamp
    let scope: Scope

    func row(tools: [Tool], rules: [ToolRule]) -> AgentRow {
        let allRules = DefaultTools.rules(
            for: kind, tools: tools.map(\.name), given: rules,
            needingApproval: tools.filter { $0.defaultRequiresApproval == true }.map(\.name), AgentRules.choice(body))
        var origin = TemplateOrigin()
        origin.projectID = body.projectID ?? scope.project
        origin.templateID = body.templateID
        origin.baseTemplateID = body.baseTemplateID
        return AgentRow(
            id: id, origin: origin, name: name, agentType: body.agentType ?? .lettaV1,
            system: body.system ?? body.instructions ?? PromptText.system(for: kind), description: body.description,
            metadata: body.metadata, toolRules: RawJSON(JSONValue.array(allRules.map(\.json))),
            llmConfig: Document(model.config), embeddingConfig: embedding.map { Document($0) },
            model: model.config.handle, embedding: embedding?.handle, modelSettings: Document(model.settings),
            compactionSettings: Document((body.compactionSettings ?? CompactionSettings()).filled(for: model.config)),
            responseFormat: body.responseFormat, memoryVariables: RawJSON(body.memoryVariables ?? [:]),
            contextWindow: model.config.contextWindow, timezone: body.timezone ?? "UTC",
            messageBufferAutoclear: kind == .workflow || body.messageBufferAutoclear ?? false,
            enableSleeptime: body.enableSleeptime,
            // Agents that work for another agent stay out of people's lists.
            hidden: body.tags?.contains("role:subagent") == true ? true : body.hidden,
            maxFilesOpen: body.maxFilesOpen, perFileViewWindowCharLimit: body.perFileViewWindowCharLimit,
            lastRunCompletion: nil, lastRunDurationMilliseconds: nil, lastStopReason: nil, nextMessagePosition: 0,
            systemCompiledAt: time, createdByID: scope.user, lastUpdatedByID: scope.user, createdAt: time,
            updatedAt: time)
    }

    private var name: String {
        if let name = body.name { return name }
        var generator = SystemRandomNumberGenerator()
        return AgentNames.random(using: &generator)
    }

    /// The messages of the first context, the system message first.
    func messages(for row: AgentRow, blocks: [BlockRow], ids: IDSource) throws -> [MessageRow] {
        let compiled = try SystemMessageService.compile(row, blocks: blocks, previousMessages: 0)
        let sequence = body.initialMessageSequence?.map { message in
            StartingMessages.Given(
                role: .init(rawValue: message.role.rawValue) ?? .user, text: message.content.text)
        }
        var first = MessageRow(
            id: ids.next(), agentID: id, position: 0, role: .system,
            content: MessageRow.content(texts: [compiled.text]), createdAt: time)
        first.model = model.config.model
        let rest = StartingMessages.messages(
            for: kind, sequence: sequence, createdAt: time.microseconds, zone: row.timezone, newCallID: ids.uuid)
        return [first]
            + rest.enumerated().map { index, message in stored(message, at: index + 1, id: ids.next()) }
    }

    private func stored(_ message: StartingMessage, at position: Int, id: ID<Message>) -> MessageRow {
        var row = MessageRow(
            id: id, agentID: self.id, position: position, role: MessageRole(rawValue: message.role.rawValue) ?? .user,
            content: MessageRow.content(texts: message.texts), createdAt: time)
        row.model = model.config.model
        if !message.toolCalls.isEmpty {
            row.toolCalls = RawJSON(
                JSONValue.array(
                    message.toolCalls.map { call in
                        [
                            "id": .string(call.id), "type": "function",
                            "function": [
                                "name": .string(call.name),
                                "arguments": .string(JSONWriter.string(of: call.arguments)),
                            ],
                        ]
                    }))
        }
        row.toolCallID = message.returnsCall
        row.name = message.returnsTool
        return row
    }
}
