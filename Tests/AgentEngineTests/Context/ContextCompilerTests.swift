import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct ContextCompilerTests {
    private func input(
        _ kind: AgentKind = .lettaV1, model: String = "openai", system: String = "SYSTEM"
    ) -> ContextInput {
        ContextInput(
            kind: kind, system: system, agentID: "agent-1", compiledAt: 1_795_443_954_000_000, modelEndpointType: model)
    }

    private let metadata = """
        <memory_metadata>
        - AGENT_ID: agent-1
        - CONVERSATION_ID: default
        - System prompt last recompiled: 2026-11-23 02:25:54 PM UTC+0000
        - 0 previous messages between you and the user are stored in recall memory
        </memory_metadata>
        """

    /// The text with every sentence of ours replaced by `…`.
    private func skeleton(_ text: String) -> String {
        text.replacing("These memory blocks are always in your view:", with: "…")
            .replacing(#/(<tool_usage_rules>\n).+\n/#) { "\($0.output.1)…\n" }
            .replacing(#/<tool_rule>\n.+\n/#, with: "<tool_rule>\n…\n")
            .replacing(#/<warning>\n.+\n/#, with: "<warning>\n…\n")
    }

    @Test func `nothing attached: the system text and the metadata, with the blocks' place left empty`() {
        let compiled = ContextCompiler.compile(input())
        #expect(compiled.text == "SYSTEM\n\n\n\n" + metadata)
        #expect(compiled.systemPrompt == "SYSTEM")
        #expect(compiled.coreMemory.isEmpty)
        #expect(compiled.toolUsageRules == nil)
        #expect(compiled.directories == nil)
        #expect(compiled.externalMemorySummary == metadata)
    }

    @Test func `everything attached: the sections in their order`() {
        var input = input()
        input.blocks = [
            MemoryBlock(label: "human", description: "who", value: "Name: Ann\nLikes: tea", limit: 100_000),
            MemoryBlock(label: "ro", value: "fixed", limit: 10, readOnly: true),
        ]
        input.toolRules = [ToolRule(tool: "send_message", .exitLoop), ToolRule(tool: "memory", .continueLoop)]
        input.maximumFilesOpen = 2
        input.folders = [
            AttachedFolder(
                name: "papers", description: "new", instructions: "read me",
                files: [
                    AttachedFile(name: "papers/a.txt", limit: 25_000),
                    AttachedFile(name: "papers/b.txt", openText: "1: x\n2: y", limit: 25_000),
                ])
        ]
        input.conversationID = "conv-1"
        input.zone = "America/New_York"
        input.previousMessages = 7
        input.archivalPassages = 6
        input.archivalTags = ["a", "b"]

        let compiled = ContextCompiler.compile(input)
        #expect(
            skeleton(compiled.text) == """
                SYSTEM

                <memory_blocks>
                …

                <human>
                <description>
                who
                </description>
                <metadata>
                - chars_current=20
                - chars_limit=100000
                </metadata>
                <value>
                Name: Ann
                Likes: tea
                </value>
                </human>

                <ro>
                <description>

                </description>
                <metadata>
                - read_only=true
                - chars_current=5
                - chars_limit=10
                </metadata>
                <value>
                fixed
                </value>
                </ro>

                </memory_blocks>

                <tool_usage_rules>
                …

                <tool_rule>
                …
                </tool_rule>
                <tool_rule>
                …
                </tool_rule>
                </tool_usage_rules>

                <directories>
                <file_limits>
                - current_files_open=1
                - max_files_open=2
                </file_limits>
                <directory name="papers">
                <description>new</description>
                <instructions>read me</instructions>
                <file status="closed" name="papers/a.txt">
                <metadata>
                - read_only=true
                - chars_current=0
                - chars_limit=25000
                </metadata>
                </file>
                <file status="open" name="papers/b.txt">
                <metadata>
                - read_only=true
                - chars_current=9
                - chars_limit=25000
                </metadata>
                <value>
                1: x
                2: y
                </value>
                </file>
                </directory>
                </directories>

                <memory_metadata>
                - AGENT_ID: agent-1
                - CONVERSATION_ID: conv-1
                - System prompt last recompiled: 2026-11-23 09:25:54 AM EST-0500
                - 7 previous messages between you and the user are stored in recall memory
                - 6 total memories you created are stored in archival memory (use tools to access them)
                - Available archival memory tags: a, b
                </memory_metadata>
                """)
        let sections = [
            compiled.coreMemory, compiled.toolUsageRules, compiled.directories, compiled.externalMemorySummary,
        ]
        #expect(compiled.text == (["SYSTEM"] + sections.compactMap { $0 }).joined(separator: "\n\n"))
    }

    @Test func `the same input gives the same text`() {
        #expect(ContextCompiler.compile(input()) == ContextCompiler.compile(input()))
    }

    @Test(arguments: [AgentKind.react, .workflow]) func `task agents see no blocks`(_ kind: AgentKind) {
        var input = input(kind)
        input.blocks = [MemoryBlock(label: "human", value: "h", limit: 10)]
        let compiled = ContextCompiler.compile(input)
        #expect(compiled.text == "SYSTEM\n\n\n\n" + metadata)
        #expect(compiled.coreMemory.isEmpty)
    }

    @Test func `the placeholder is where the memory goes`() {
        var input = input(system: "before {CORE_MEMORY} after")
        input.blocks = [MemoryBlock(label: "trap", value: "{CORE_MEMORY}", limit: 10)]
        let text = ContextCompiler.compile(input).text
        #expect(text.hasPrefix("before <memory_blocks>"))
        #expect(text.hasSuffix("</memory_metadata> after"))
        #expect(text.contains("<value>\n{CORE_MEMORY}\n</value>"))
        #expect(text.ranges(of: "<memory_blocks>").count == 1)
    }

    @Test func `sizes count characters as Unicode scalars`() {
        var input = input()
        input.blocks = [MemoryBlock(label: "emoji", value: "👩‍👩‍👧 é\r\n", limit: 10)]
        #expect(ContextCompiler.compile(input).text.contains("- chars_current=9\n"))
    }

    @Test func `three kinds number the lines, for one family of models`() {
        for kind in AgentKind.allCases where kind != .react && kind != .workflow {
            for model in ["anthropic", "openai"] {
                var input = input(kind, model: model)
                input.blocks = [MemoryBlock(label: "human", value: "x\r\n\ny", limit: 10)]
                let core = ContextCompiler.compile(input).coreMemory
                let isNumbered = core.contains("<value>\n1→ x\r\n2→ \n3→ y\n</value>")
                #expect(isNumbered == (model == "anthropic" && [.sleeptime, .memgptV2, .lettaV1].contains(kind)))
                #expect(core.contains("<warning>") == isNumbered)
                #expect(core.contains("- chars_current=5\n"))
            }
        }
    }

    @Test func `an empty open file still has its place`() {
        var input = input()
        input.folders = [
            AttachedFolder(name: "f", files: [AttachedFile(name: "f/e", description: "d", openText: "", limit: 5)])
        ]
        #expect(
            ContextCompiler.compile(input).directories?.contains(
                """
                <file status="open" name="f/e">
                <description>d</description>
                <metadata>
                - read_only=true
                - chars_current=0
                - chars_limit=5
                </metadata>
                <value>

                </value>
                </file>
                """) == true)
    }
}

@Suite(.timeLimit(.minutes(2))) struct PromptTextTests {
    @Test(arguments: AgentKind.allCases) func `every kind has a prompt without loose ends`(_ kind: AgentKind) {
        let prompt = PromptText.system(for: kind)
        #expect(prompt.hasPrefix("You "))
        #expect(prompt.last?.isNewline == false)
        #expect(prompt.utf8.count < 4_000)
    }

    @Test func `a prompt names no tool its kind does not have`() throws {
        for kind in AgentKind.allCases where kind != .splitThread {
            let own = Set(DefaultTools.names(for: kind))
            let words = Set(PromptText.system(for: kind).matches(of: #/[a-z]+(_[a-z]+)+/#).map { String($0.output.0) })
            let named = words.filter { BaseTool.named($0) != nil }
            #expect(named.isSubset(of: own))
        }
    }

    @Test func `agents that speak through a tool are told so`() {
        for kind in [AgentKind.memgpt, .memgptV2, .voiceConversation] {
            #expect(PromptText.system(for: kind).contains("only the text you send with send_message"))
            #expect(PromptText.system(for: kind).contains("`thinking`"))
        }
        #expect(!PromptText.system(for: .lettaV1).contains("send_message"))
    }

    @Test func `memgpt_agent is told of its own memory tools`() {
        let prompt = PromptText.system(for: .memgpt)
        #expect(prompt.contains("core_memory_append"))
        #expect(!prompt.contains("memory_insert"))
    }

    @Test func `compaction modes have different prompts`() {
        #expect(Set(CompactionMode.allCases.map(PromptText.compaction)).count == CompactionMode.allCases.count)
        #expect(
            CompactionMode.allCases.map(\.rawValue) == [
                "all", "sliding_window", "self_compact_all", "self_compact_sliding_window",
            ])
    }

    @Test func `known labels have a description`() {
        #expect(PromptText.blockDescription(label: "human") != nil)
        #expect(PromptText.blockDescription(label: "persona") != nil)
        #expect(PromptText.blockDescription(label: "todo") == nil)
    }
}

@Suite(.timeLimit(.minutes(2))) struct TokenEstimateTests {
    @Test(arguments: [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("You are new.", 3), ("日本語", 3)])
    func `four bytes are a token, rounded up`(_ text: String, _ tokens: Int) {
        #expect(TokenEstimate.tokens(in: text) == tokens)
    }
}
