/// The base tools and tool rules that a new agent gets by default.
package enum DefaultTools {
    /// The client's choices about the tools of a new agent.
    package struct Choice: Sendable {
        package var enableSleeptime: Bool
        package var includeBaseTools: Bool
        package var includeMultiAgentTools: Bool
        /// nil when the client did not choose.
        package var includeBaseToolRules: Bool?

        package init(
            enableSleeptime: Bool = false, includeBaseTools: Bool = true, includeMultiAgentTools: Bool = false,
            includeBaseToolRules: Bool? = nil
        ) {
            self.enableSleeptime = enableSleeptime
            self.includeBaseTools = includeBaseTools
            self.includeMultiAgentTools = includeMultiAgentTools
            self.includeBaseToolRules = includeBaseToolRules
        }
    }

    /// The names of the base tools attached to a new agent of this type.
    package static func names(for kind: AgentKind, _ choice: Choice = Choice()) -> [String] {
        let base = choice.includeBaseTools ? baseNames(for: kind, enableSleeptime: choice.enableSleeptime) : []
        let multiAgent = choice.includeMultiAgentTools ? BaseTool.multiAgentTools.map(\.name) : []
        return base + multiAgent
    }

    private static func baseNames(for kind: AgentKind, enableSleeptime: Bool) -> [String] {
        switch kind {
        case .sleeptime:
            ["memory_finish_edits", "memory_replace", "memory_insert", "memory_rethink"]
        case .voiceSleeptime:
            ["store_memories", "rethink_user_memory", "finish_rethinking_memory"]
        case .voiceConversation:
            ["send_message", "search_memory"]
        case _ where enableSleeptime:
            // The companion edits the memory: the agent itself only answers and searches.
            ["conversation_search", "archival_memory_search", "send_message"]
        case .memgpt:
            [
                "conversation_search", "core_memory_replace", "memory_apply_patch", "core_memory_append", "memory",
                "send_message",
            ]
        case .memgptV2:
            ["conversation_search", "memory_replace", "memory_insert", "send_message"]
        case .lettaV1:
            ["conversation_search", "memory_replace", "memory_insert"]
        case .react, .workflow, .splitThread:
            []
        }
    }

    /// All tool rules of a new agent: the client's, then the base rules of its tools, then the required approvals.
    ///
    /// A `letta_v1_agent` ends its turn by answering and needs no base rules; it gets them when the client uses rules
    /// at all, and with a sleep-time companion, because it then answers through `send_message`. A rule that is both
    /// given and a base rule appears once.
    ///
    /// - Parameters:
    ///   - tools: the names of all tools attached, the client's own included.
    ///   - needingApproval: those of the tools that require approval by default.
    package static func rules(
        for kind: AgentKind, tools: [String], given: [ToolRule] = [], needingApproval: [String] = [],
        _ choice: Choice = Choice()
    ) -> [ToolRule] {
        let usesBaseRules =
            choice.includeBaseToolRules ?? (kind != .lettaV1 || !given.isEmpty || choice.enableSleeptime)
        let base = usesBaseRules ? tools.compactMap(baseRule) : []
        let approvals = needingApproval.map { ToolRule(tool: $0, .requiresApproval) }
        return (given + base + approvals).withoutDuplicates
    }

    /// Tools that answer end the turn, tools that edit memory continue it, all others leave it open.
    private static func baseRule(for name: String) -> ToolRule? {
        guard let tool = BaseTool.named(name) else { return nil }
        switch (tool.type, name) {
        case (.core, "send_message"), (.sleeptime, "memory_finish_edits"):
            return ToolRule(tool: name, .exitLoop)
        case (.core, _), (.memory, _), (.sleeptime, _):
            return ToolRule(tool: name, .continueLoop)
        default:
            return nil
        }
    }
}
