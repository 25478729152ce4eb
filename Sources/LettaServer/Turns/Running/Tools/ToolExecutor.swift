import AgentEngine
import LettaAPI

/// Runs the calls of one kind of tool.
protocol ToolExecutor: Sendable {
    /// An error becomes a failed result that the model reads, and after a cancel the end of the turn. The text of a
    /// `ToolFailure` is shown to the model.
    func run(_ call: ToolRun, in context: ToolContext) async throws -> ToolResult
}

/// The part of a turn that executors see.
struct ToolContext: Sendable {
    let scope: Scope
    let agent: AgentRow
    let tool: CallableToolRow
    /// The agent's blocks after the preceding calls.
    let memory: [MemoryBlock]
    /// The passages that the preceding calls added to archival memory.
    let passages: [NewPassage]
}

/// The outcome of a call, with what the transaction of its step writes.
struct ToolResult: Sendable {
    var outcome: ToolOutcome
    /// The blocks after the call; nil if it edited none.
    var memory: [MemoryBlock]?
    /// The passages to add to archival memory.
    var passages: [NewPassage] = []

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
    case python

    /// Nil for a tool that this server does not run yet.
    init?(_ tool: CallableToolRow) {
        switch tool.name {
        case _ where tool.toolType == ToolService.custom: self = .python
        case _ where MemoryTools.names.contains(tool.name): self = .memory
        case ConversationSearchExecutor.name: self = .conversationSearch
        case ArchivalToolExecutor.insert: self = .archivalInsert
        case ArchivalToolExecutor.search: self = .archivalSearch
        default: return nil
        }
    }
}

/// Maps each kind of tool to its executor and to how its calls are ordered and stored.
struct ToolExecutors: Sendable {
    struct Entry: Sendable {
        let executor: any ToolExecutor
        /// Whether no rollback undoes a call, so that the calls of a step are stored before any of them runs.
        var hasOutsideEffects = false
        /// Whether a call is independent of the other calls of its step, so that they may run concurrently where the
        /// tool's own setting allows it.
        var isIndependent = false
    }

    private let table: [ToolKind: Entry]

    init(core: Core, python: PythonToolExecutor) {
        let archival = ArchivalToolExecutor(core: core)
        table = [
            .memory: Entry(executor: MemoryToolExecutor()),
            .conversationSearch: Entry(executor: ConversationSearchExecutor(core: core), isIndependent: true),
            .archivalInsert: Entry(executor: archival),
            .archivalSearch: Entry(executor: archival, isIndependent: true),
            .python: Entry(executor: python, hasOutsideEffects: true, isIndependent: true),
        ]
    }

    func entry(for tool: CallableToolRow) -> Entry? {
        ToolKind(tool).flatMap { table[$0] }
    }

    /// The properties of a tool that the step machine needs.
    func plan(for tool: CallableToolRow, _ schema: ToolSchema?) -> TurnTool {
        let entry = entry(for: tool)
        return TurnTool(
            name: tool.name, requiredArguments: schema?.requiredArguments ?? [],
            canRunInParallel: (tool.enableParallelExecution ?? false) && entry?.isIndependent == true,
            hasOutsideEffects: entry?.hasOutsideEffects ?? false,
            needsApproval: tool.defaultRequiresApproval ?? false,
            // Search results are never truncated: the agent asked for them.
            returnLimit: tool.name.hasSuffix("_search") ? nil : tool.returnCharLimit)
    }
}
