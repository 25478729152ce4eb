import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct DefaultToolsTests {
    private typealias Choice = DefaultTools.Choice

    struct Row: Sendable {
        var kind: AgentKind
        var enableSleeptime = false
        var exits: [String] = []
        var continues: [String] = []
        var others: [String] = []
        /// False where the base rules are off unless the client uses rules.
        var hasRules = true
    }

    static let rows: [Row] = [
        Row(
            kind: .lettaV1, continues: ["conversation_search", "memory_insert", "memory_replace"], hasRules: false),
        Row(
            kind: .memgptV2, exits: ["send_message"],
            continues: ["conversation_search", "memory_insert", "memory_replace"]),
        Row(
            kind: .memgpt, exits: ["send_message"],
            continues: [
                "conversation_search", "core_memory_append", "core_memory_replace", "memory", "memory_apply_patch",
            ]),
        Row(kind: .react),
        Row(kind: .workflow),
        Row(kind: .splitThread),
        Row(
            kind: .sleeptime, exits: ["memory_finish_edits"],
            continues: ["memory_replace", "memory_insert", "memory_rethink"]),
        Row(kind: .voiceSleeptime, others: ["store_memories", "rethink_user_memory", "finish_rethinking_memory"]),
        Row(kind: .voiceConversation, enableSleeptime: true, exits: ["send_message"], others: ["search_memory"]),
        Row(
            kind: .lettaV1, enableSleeptime: true, exits: ["send_message"],
            continues: ["conversation_search", "archival_memory_search"]),
        Row(
            kind: .memgpt, enableSleeptime: true, exits: ["send_message"],
            continues: ["conversation_search", "archival_memory_search"]),
        Row(
            kind: .memgptV2, enableSleeptime: true, exits: ["send_message"],
            continues: ["conversation_search", "archival_memory_search"]),
        Row(
            kind: .sleeptime, enableSleeptime: true, exits: ["memory_finish_edits"],
            continues: ["memory_replace", "memory_insert", "memory_rethink"]),
    ]

    @Test(arguments: rows) func `tools and rules of each kind`(_ row: Row) {
        let choice = Choice(enableSleeptime: row.enableSleeptime)
        let names = DefaultTools.names(for: row.kind, choice)
        #expect(Set(names) == Set(row.exits + row.continues + row.others))
        #expect(names.allSatisfy { BaseTool.named($0) != nil })

        let rules = DefaultTools.rules(for: row.kind, tools: names, choice)
        #expect(Set(rules.filter { $0.effect == .exitLoop }.map(\.tool)) == Set(row.hasRules ? row.exits : []))
        #expect(Set(rules.filter { $0.effect == .continueLoop }.map(\.tool)) == Set(row.hasRules ? row.continues : []))
        #expect(rules.count == (row.hasRules ? row.exits.count + row.continues.count : 0))
    }

    @Test func `every kind is in the table`() {
        #expect(Set(Self.rows.map(\.kind)) == Set(AgentKind.allCases))
    }

    @Test(arguments: AgentKind.allCases) func `without base tools there is nothing, rules included`(_ kind: AgentKind) {
        let choice = Choice(includeBaseTools: false)
        #expect(DefaultTools.names(for: kind, choice).isEmpty)
        #expect(DefaultTools.rules(for: kind, tools: [], choice).isEmpty)
    }

    @Test func `tools for talking to agents come on top`() {
        let names = DefaultTools.names(for: .lettaV1, Choice(includeMultiAgentTools: true))
        #expect(
            names == [
                "conversation_search", "memory_replace", "memory_insert", "send_message_to_agent_and_wait_for_reply",
                "send_message_to_agents_matching_tags", "send_message_to_agent_async",
            ])
    }

    @Test func `base rules can be refused`() {
        let names = DefaultTools.names(for: .memgptV2)
        #expect(DefaultTools.rules(for: .memgptV2, tools: names, Choice(includeBaseToolRules: false)).isEmpty)
    }

    @Test func `base rules can be asked for`() {
        let names = DefaultTools.names(for: .lettaV1)
        #expect(DefaultTools.rules(for: .lettaV1, tools: names, Choice(includeBaseToolRules: true)).count == 3)
    }

    @Test func `any rule given turns the base rules of letta_v1_agent on`() {
        let given = [ToolRule(tool: "send_message", .exitLoop)]
        let names = DefaultTools.names(for: .lettaV1) + ["send_message", "my_tool"]
        #expect(
            DefaultTools.rules(for: .lettaV1, tools: names, given: given) == [
                ToolRule(tool: "send_message", .exitLoop),
                ToolRule(tool: "conversation_search", .continueLoop),
                ToolRule(tool: "memory_replace", .continueLoop),
                ToolRule(tool: "memory_insert", .continueLoop),
            ])
        #expect(
            DefaultTools.rules(for: .lettaV1, tools: names, given: given, Choice(includeBaseToolRules: false)) == given)
    }

    @Test func `required approvals need no base rules`() {
        #expect(
            DefaultTools.rules(for: .lettaV1, tools: ["danger"], needingApproval: ["danger"]) == [
                ToolRule(tool: "danger", .requiresApproval)
            ])
    }
}
