import AgentEngine
import JSON
import LettaAPI

/// A new agent that is ready to be stored.
struct PreparedAgent: Sendable {
    let draft: AgentDraft
    let rules: [ToolRule]
    let blocks: [DraftMemory.NewBlock]
    let secrets: [SealedSecret]
}

/// A new agent before it is stored: the request, completed with defaults.
struct AgentDraft: Sendable {
    /// The deployment of a template, and the part of the template that the agent is.
    struct Deployment: Sendable {
        var id: String
        var entity: String
    }

    let body: CreateAgent
    let kind: AgentKind
    let id: ID<AgentState>
    let model: AgentModel
    let embedding: EmbeddingConfig?
    let time: Timestamp
    let scope: Scope
    var deployment: Deployment?

    func row(tools: [Tool], rules: [ToolRule]) -> AgentRow {
        let allRules = DefaultTools.rules(
            for: kind, tools: tools.map(\.name), given: rules,
            needingApproval: tools.filter { $0.defaultRequiresApproval == true }.map(\.name), AgentRules.choice(body))
        var origin = TemplateOrigin()
        origin.projectID = body.projectID ?? scope.project
        origin.templateID = body.templateID
        origin.baseTemplateID = body.baseTemplateID
        origin.deploymentID = deployment?.id
        origin.entityID = deployment?.entity
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
            // Agents that work for another agent are hidden from lists.
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
        let system = try SystemMessageService.compile(
            row, blocks: blocks, archival: ArchivalSummary(), previousMessages: 0)
        let sequence = body.initialMessageSequence?.map { message in
            StartingMessages.Given(
                role: .init(rawValue: message.role.rawValue) ?? .user, text: message.content.text)
        }
        let first = TurnMessage(
            id: ids.next(Message.self).rawValue, role: .system, parts: [.text(system.context.text)],
            createdAt: time.microseconds)
        let rest = Self.startingMessages(for: row, sequence: sequence, at: time, ids: ids)
        return ([first] + rest).enumerated().map { position, message in
            MessageRow(message, agentID: id, position: position, model: model.config.model)
        }
    }

    /// The messages after the system message in a new context.
    static func startingMessages(
        for row: AgentRow, sequence: [StartingMessages.Given]? = nil, at time: Timestamp, ids: IDSource
    ) -> [TurnMessage] {
        let kind = AgentKind(rawValue: row.agentType.rawValue) ?? .standard
        return StartingMessages.messages(
            for: kind, sequence: sequence, createdAt: time.microseconds, zone: row.timezone, newCallID: ids.uuid
        ).map { turnMessage($0, loop: kind.loop, id: ids.next(), at: time) }
    }

    private static func turnMessage(
        _ message: StartingMessage, loop: AgentLoop, id: ID<Message>, at time: Timestamp
    ) -> TurnMessage {
        var parts: [TurnMessage.Part]
        if let call = message.returnsCall {
            // The result of the `send_message` call among the first messages.
            var result = TurnMessage.ToolReturn(callID: call, result: .null, succeeded: true)
            result.loop = loop
            parts = [.toolReturn(result)]
        } else {
            // The text of an assistant's message is its thought: it speaks by its call.
            parts = message.texts.map {
                message.role == .assistant ? .reasoning(.init($0, isNative: false)) : .text($0)
            }
            parts += message.toolCalls.map { call in
                .toolCall(
                    .init(
                        id: call.id, name: call.name, arguments: JSONWriter.string(of: call.arguments), loop: loop))
            }
        }
        return TurnMessage(
            id: id.rawValue, role: TurnMessage.Role(rawValue: message.role.rawValue) ?? .user, parts: parts,
            name: message.returnsTool, createdAt: time.microseconds)
    }
}
