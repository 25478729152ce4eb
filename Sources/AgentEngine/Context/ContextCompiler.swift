/// An agent's compiled system message and its parts.
package struct CompiledContext: Sendable, Hashable {
    /// The agent's own system text.
    package var systemPrompt: String
    /// The `<memory_blocks>` element; empty when there is none.
    package var coreMemory: String
    /// The `<tool_usage_rules>` element.
    package var toolUsageRules: String?
    /// The `<directories>` element.
    package var directories: String?
    /// The `<memory_metadata>` element.
    package var externalMemorySummary: String
    /// The system message as the model gets it.
    package var text: String
}

/// Compiles an agent's system message from its text, memory, rules and files.
///
/// Deterministic, so that providers can cache the prompt: the only time in it is `compiledAt`. Values are inserted
/// verbatim and not escaped, because the agent must be able to copy them into a memory tool.
package enum ContextCompiler {
    package static func compile(_ input: ContextInput) -> CompiledContext {
        let coreMemory = memoryBlocks(input)
        let toolUsageRules = ToolRule.promptSection(for: input.toolRules)
        let directories = directories(input)
        let summary = memoryMetadata(input)
        // Without blocks their place stays empty: two line feeds in a row remain, as clients expect.
        let memory = ([coreMemory, toolUsageRules, directories, summary] as [String?])
            .compactMap { $0 }.joined(separator: "\n\n")
        return CompiledContext(
            systemPrompt: input.system, coreMemory: coreMemory, toolUsageRules: toolUsageRules,
            directories: directories, externalMemorySummary: summary, text: place(memory, in: input.system))
    }

    /// One pass over the system text: a placeholder inside a memory value is not replaced.
    private static func place(_ memory: String, in system: String) -> String {
        let parts = system.split(separator: "{CORE_MEMORY}", omittingEmptySubsequences: false)
        return parts.count > 1 ? parts.joined(separator: memory) : system + "\n\n" + memory
    }

    // MARK: Memory blocks

    private static func memoryBlocks(_ input: ContextInput) -> String {
        guard input.kind.showsMemoryBlocks, !input.blocks.isEmpty else { return "" }
        let numbersLines = input.kind.numbersLines(modelEndpointType: input.modelEndpointType)
        let blocks = input.blocks.map { element(of: $0, numbersLines: numbersLines) }
        return """
            <memory_blocks>
            These memory blocks are always in your view:

            \(blocks.joined(separator: "\n\n"))

            </memory_blocks>
            """
    }

    private static func element(of block: MemoryBlock, numbersLines: Bool) -> String {
        let warning = """
            <warning>
            The line numbers (1→, 2→, …) are only shown for orientation. They are not part of the value: leave \
            them out of tool arguments.
            </warning>
            """
        let lines = [
            "<\(block.label)>",
            "<description>", block.description ?? "", "</description>",
            metadata(
                readOnly: block.readOnly, charactersCurrent: block.value.unicodeScalars.count, limit: block.limit),
            numbersLines ? warning : nil,
            "<value>", numbersLines ? numbered(block.value) : block.value, "</value>",
            "</\(block.label)>",
        ]
        return lines.compactMap { $0 }.joined(separator: "\n")
    }

    /// Characters are Unicode scalars, which is how clients in Python count.
    private static func metadata(readOnly: Bool, charactersCurrent: Int, limit: Int) -> String {
        """
        <metadata>\(readOnly ? "\n- read_only=true" : "")
        - chars_current=\(charactersCurrent)
        - chars_limit=\(limit)
        </metadata>
        """
    }

    /// Lines end at every line feed, as in the tools that edit by line; `Character` would take CR LF as one.
    private static func numbered(_ value: String) -> String {
        value.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { "\($0.offset + 1)→ \(Substring($0.element))" }.joined(separator: "\n")
    }

    // MARK: Files

    private static func directories(_ input: ContextInput) -> String? {
        guard !input.folders.isEmpty else { return nil }
        let openFiles = input.folders.reduce(0) { $0 + $1.files.count { $0.openText != nil } }
        return """
            <directories>
            <file_limits>
            - current_files_open=\(openFiles)
            - max_files_open=\(input.maximumFilesOpen)
            </file_limits>
            \(input.folders.map(element).joined(separator: "\n"))
            </directories>
            """
    }

    private static func element(of folder: AttachedFolder) -> String {
        var lines = ["<directory name=\"\(folder.name)\">"]
        if let description = folder.description { lines.append("<description>\(description)</description>") }
        if let instructions = folder.instructions { lines.append("<instructions>\(instructions)</instructions>") }
        lines += folder.files.map(element)
        lines.append("</directory>")
        return lines.joined(separator: "\n")
    }

    private static func element(of file: AttachedFile) -> String {
        var lines = ["<file status=\"\(file.openText == nil ? "closed" : "open")\" name=\"\(file.name)\">"]
        if let description = file.description { lines.append("<description>\(description)</description>") }
        let size = file.openText?.unicodeScalars.count ?? 0
        lines.append(metadata(readOnly: true, charactersCurrent: size, limit: file.limit))
        if let text = file.openText { lines += ["<value>", text, "</value>"] }
        lines.append("</file>")
        return lines.joined(separator: "\n")
    }

    // MARK: Metadata

    private static func memoryMetadata(_ input: ContextInput) -> String {
        let time = ZonedTime.promptTextOrUTC(microseconds: input.compiledAt, zone: input.zone)
        var lines = [
            "<memory_metadata>",
            "- AGENT_ID: \(input.agentID)",
            "- CONVERSATION_ID: \(input.conversationID)",
            "- System prompt last recompiled: \(time)",
            "- \(input.previousMessages) previous messages between you and the user are stored in recall memory",
        ]
        if input.archivalPassages > 0 {
            lines.append(
                "- \(input.archivalPassages) total memories you created are stored in archival memory "
                    + "(use tools to access them)")
        }
        if !input.archivalTags.isEmpty {
            lines.append("- Available archival memory tags: \(input.archivalTags.joined(separator: ", "))")
        }
        lines.append("</memory_metadata>")
        return lines.joined(separator: "\n")
    }
}

extension AgentKind {
    /// False for the types that work on one task and keep no memory of it.
    fileprivate var showsMemoryBlocks: Bool { self != .react && self != .workflow }

    /// Models of this endpoint type edit by line, so the types with line tools number the lines for them.
    fileprivate func numbersLines(modelEndpointType: String) -> Bool {
        modelEndpointType == "anthropic" && [.sleeptime, .memgptV2, .lettaV1].contains(self)
    }
}
