import AgentEngine
import JSON
import LettaAPI
import Storage

/// Sleep-time companions: agents that edit the memory of another agent, and are created and deleted with it.
extension AgentService {
    /// Turns of the agent between two runs of its companion.
    private static let defaultFrequency = 5

    /// Creates the companion, which shares the blocks of `main`, and the group of the two.
    func addCompanion(
        to main: AgentRow, draft: AgentDraft, sharing blocks: [BlockRow], _ db: Transaction
    ) throws {
        let isVoice = main.agentType == .voiceConversation
        var body = CreateAgent()
        body.name = "\(main.name)-sleeptime"
        body.agentType = isVoice ? .voiceSleeptime : .sleeptime
        body.timezone = main.timezone
        body.projectID = main.origin.projectID
        var model = draft.model
        model.config.putInnerThoughtsInKwargs = true
        model.config.enableReasoner = true
        let kind: AgentKind = isVoice ? .voiceSleeptime : .sleeptime
        // One microsecond later, so that lists show the pair in a fixed order.
        let time = Timestamp(microseconds: draft.time.microseconds + 1)
        let companion = AgentDraft(
            body: body, kind: kind, id: core.ids.next(), model: model, embedding: draft.embedding, time: time,
            scope: draft.scope)
        let persona = BlockRow(
            id: core.ids.next(), label: PromptText.memoryPersonaLabel, value: PromptText.memoryPersona,
            limit: BlockService.defaultLimit, at: time)
        let tools = try Self.tools(for: body, kind: kind, db)
        let row = try store(
            companion, tools: tools, rules: [],
            memory: DraftMemory(new: [.init(row: persona, tags: [])], given: blocks, newComeLast: true),
            secrets: [], db)
        var group = Group(
            id: core.ids.next(), managerType: isVoice ? .voiceSleeptime : .sleeptime, managerAgentID: main.id,
            agentIDs: [row.id], description: "")
        group.sleeptimeAgentFrequency = isVoice ? nil : Self.defaultFrequency
        group.turnsCounter = isVoice ? nil : -1
        if isVoice {
            group.description = "Low latency voice chat with async memory management."
            group.maxMessageBufferLength = 30
            group.minMessageBufferLength = 15
        }
        group.projectID = draft.scope.project
        try GroupStore.insert(group, at: time, db)
    }

    /// The companions that were created with an agent and are deleted with it.
    static func companions(of main: AgentRow, _ db: Transaction) throws -> [AgentRow] {
        guard main.enableSleeptime != nil,
            let group = try GroupStore.managed(by: [main.id], db)[main.id],
            group.managerType == .sleeptime || group.managerType == .voiceSleeptime
        else { return [] }
        return try db.fetch(AgentStore.table, group.agentIDs).filter {
            $0.agentType == .sleeptime || $0.agentType == .voiceSleeptime
        }
    }
}

/// The blocks of a new agent.
struct DraftMemory: Sendable {
    struct NewBlock: Sendable {
        let row: BlockRow
        let tags: [String]
    }

    /// Blocks to create with the agent.
    let new: [NewBlock]
    /// Existing blocks.
    let given: [BlockRow]
    var newComeLast = false

    /// All of them in the order of attachment.
    var blocks: [BlockRow] {
        newComeLast ? given + new.map(\.row) : new.map(\.row) + given
    }
}
