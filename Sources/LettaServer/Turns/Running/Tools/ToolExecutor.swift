import AgentEngine
import JSON
import LettaAPI
import ToolRuntime

/// Runs the calls of one kind of tool.
protocol ToolExecutor: Sendable {
    /// Whatever this throws becomes a failed result that the model reads, and after a cancel the end of the turn; a
    /// `ToolFailure` says what the model reads.
    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult
}

/// What an executor may know of the turn.
struct ToolContext: Sendable {
    let scope: Scope
    let agent: AgentRow
    let tool: CallableToolRow
    /// The agent's blocks as the calls before this one left them.
    let memory: [MemoryBlock]
    /// What the calls before this one added to archival memory.
    let passages: [NewPassage]
}

/// What came of a call, with what the transaction of its step has to write.
struct ToolResult: Sendable {
    var outcome: ToolOutcome
    /// The blocks after the call; nil when it edited none.
    var memory: [MemoryBlock]?
    /// What is added to archival memory.
    var passages: [NewPassage] = []
    /// The values that a user's tool gave to blocks, by label.
    var blockValues: [String: String]?
    /// What a user's tool returned, as JSON.
    var value: JSONValue?

    init(_ outcome: ToolOutcome, memory: [MemoryBlock]? = nil, passages: [NewPassage] = []) {
        self.outcome = outcome
        self.memory = memory
        self.passages = passages
    }
}

/// The kinds of tools that turns run.
enum ToolKind: Hashable, Sendable {
    case memory
    case conversationSearch
    case archivalInsert
    case archivalSearch
    case openFiles
    case searchFiles
    case python
    case agents
    case web
    case code
    case mcp
    case voiceMemory
    case voiceSearch

    /// Nil for a tool that this server does not run yet.
    init?(_ tool: CallableToolRow) {
        switch tool.name {
        case _ where tool.toolType == ToolService.custom: self = .python
        case _ where tool.toolType == ToolService.mcp: self = .mcp
        case _ where MemoryTools.names.contains(tool.name): self = .memory
        case ConversationSearchExecutor.name: self = .conversationSearch
        case ArchivalToolExecutor.insert: self = .archivalInsert
        case ArchivalToolExecutor.search: self = .archivalSearch
        case FileToolExecutor.open: self = .openFiles
        case FileToolExecutor.grep, FileToolExecutor.search: self = .searchFiles
        case MultiAgentExecutor.ask, MultiAgentExecutor.askMany, MultiAgentExecutor.tell: self = .agents
        case WebToolExecutor.fetch, WebToolExecutor.search: self = .web
        case CodeToolExecutor.name: self = .code
        case VoiceMemoryExecutor.store: self = .voiceMemory
        case VoiceMemoryExecutor.search: self = .voiceSearch
        default: return nil
        }
    }
}

/// The one table that says who runs a tool, and what its calls mean for the order and the storing of a step.
struct ToolExecutors: Sendable {
    struct Entry: Sendable {
        let executor: any ToolExecutor
        /// Whether no rollback undoes a call, so that the calls of a step are stored before one of them runs.
        var hasOutsideEffects = false
        /// Whether a call depends on no other call of its step, so that calls may run side by side where the tool's own
        /// setting allows it.
        var isIndependent = false
    }

    private let table: [ToolKind: Entry]
    private let embedder: PassageEmbedder

    init(
        core: Core, python: PythonToolExecutor, mcp: MCPToolExecutor, mail: AgentMail, web: WebToolExecutor,
        documents: DocumentReader, embedder: PassageEmbedder
    ) {
        self.embedder = embedder
        let archival = ArchivalToolExecutor(
            core: core, memory: ArchivalMemoryService(core: core, embedder: embedder))
        let files = FileToolExecutor(core: core, documents: documents, passages: embedder.search)
        let voice = VoiceMemoryExecutor(core: core, meaning: embedder.meaning)
        table = [
            .memory: Entry(executor: MemoryToolExecutor()),
            .conversationSearch: Entry(
                executor: ConversationSearchExecutor(core: core, meaning: embedder.meaning), isIndependent: true),
            .archivalInsert: Entry(executor: archival),
            .archivalSearch: Entry(executor: archival, isIndependent: true),
            .openFiles: Entry(executor: files),
            .searchFiles: Entry(executor: files, isIndependent: true),
            .python: Entry(executor: python, hasOutsideEffects: true, isIndependent: true),
            .agents: Entry(
                executor: MultiAgentExecutor(core: core, mail: mail), hasOutsideEffects: true, isIndependent: true),
            .web: Entry(executor: web, isIndependent: true),
            .code: Entry(executor: CodeToolExecutor(python: python), isIndependent: true),
            .mcp: Entry(executor: mcp, hasOutsideEffects: true, isIndependent: true),
            .voiceMemory: Entry(executor: voice, hasOutsideEffects: true),
            .voiceSearch: Entry(executor: voice, isIndependent: true),
        ]
    }

    /// Has the passages embedded that calls left behind.
    func passagesAreStored() { embedder.queue.wake() }

    /// Has messages embedded that a step stored.
    func messagesAreStored(by agent: ID<AgentState>, as scope: Scope) {
        embedder.messages.areStored(by: agent, as: scope)
    }

    func entry(for tool: CallableToolRow) -> Entry? {
        ToolKind(tool).flatMap { table[$0] }
    }

    /// What the step machine has to know of a tool.
    func plan(for tool: CallableToolRow, _ schema: ToolSchema?) -> TurnTool {
        let kind = ToolKind(tool)
        let entry = kind.flatMap { table[$0] }
        return TurnTool(
            name: tool.name, requiredArguments: schema?.requiredArguments ?? [],
            canRunInParallel: (tool.enableParallelExecution ?? false) && entry?.isIndependent == true,
            hasOutsideEffects: entry?.hasOutsideEffects ?? false,
            needsApproval: tool.defaultRequiresApproval ?? false,
            // Results of a search are never cut: the agent asked for them.
            returnLimit: [.conversationSearch, .archivalSearch, .voiceSearch].contains(kind)
                ? nil : tool.returnCharLimit)
    }
}
