package import JSON

/// The tools by which an agent edits its own memory, and those that depend on their arguments alone.
///
/// Pure: the result holds what is to be written. Calls of one step run one after the other, each on the blocks that the
/// one before left.
package enum MemoryTools {
    package struct Result: Sendable, Hashable {
        package var outcome: ToolOutcome
        /// The blocks after the call; unchanged if it failed.
        package var blocks: [MemoryBlock]
        package var edits: [MemoryEdit]
    }

    /// The limit of a block created by a tool, in characters.
    package static let newBlockLimit = 100_000

    private typealias Body = @Sendable (ToolArguments, inout MemoryDraft) throws(ToolFailure) -> String

    private static let bodies: [String: Body] = [
        "send_message": sendMessage,
        "core_memory_append": append,
        "core_memory_replace": replaceAll,
        "memory_replace": replaceOne,
        "memory_insert": insert,
        "memory_rethink": rethink,
        "memory_finish_edits": finishEdits,
        "memory": runCommand,
        "memory_apply_patch": applyPatch,
        "rethink_user_memory": rethinkUser,
        "finish_rethinking_memory": finishEdits,
    ]

    /// The tools that `run` handles.
    package static let names: Set<String> = Set(bodies.keys)

    /// Runs a tool; nil when it is not one of these.
    package static func run(_ tool: String, arguments: JSONObject, blocks: [MemoryBlock]) -> Result? {
        guard let body = bodies[tool], let description = BaseTool.named(tool) else { return nil }
        var draft = MemoryDraft(blocks)
        do throws(ToolFailure) {
            let text = try body(try ToolArguments(arguments, for: description), &draft)
            return Result(outcome: ToolOutcome(.string(text)), blocks: draft.blocks, edits: draft.edits)
        } catch {
            return Result(outcome: ToolOutcome(error, of: tool), blocks: blocks, edits: [])
        }
    }

    // MARK: Single blocks

    @Sendable private static func sendMessage(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        "Sent message successfully."
    }

    @Sendable private static func finishEdits(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        "None"
    }

    @Sendable private static func append(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        let label = try arguments.text("label")
        let value = try draft.editableBlock(label).value
        let content = try arguments.text("content")
        return try set(value.isEmpty ? content : "\(value)\n\(content)", of: label, in: &draft)
    }

    @Sendable private static func replaceAll(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        let label = try arguments.text("label")
        let block = try draft.editableBlock(label)
        let old = try arguments.text("old_content")
        let ranges = BlockText.ranges(of: old, in: block.value)
        guard !ranges.isEmpty else {
            throw .value("Old content '\(old)' not found in memory block '\(label)'")
        }
        let new = try arguments.text("new_content")
        return try set(BlockText.replacing(ranges, in: block.value, with: new), of: label, in: &draft)
    }

    @Sendable private static func replaceOne(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        try replaceOne(
            try arguments.text("old_string"), with: try arguments.text("new_string"),
            in: try arguments.text("label"), &draft)
    }

    static func replaceOne(
        _ old: String, with new: String, in label: String, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        let block = try draft.editableBlock(label)
        try BlockText.refuseLineNumbers(in: old, argument: "old_string")
        try BlockText.refuseLineNumbers(in: new, argument: "new_string")
        if old.isEmpty, block.value.isEmpty { return try set(new, of: label, in: &draft) }
        let ranges = BlockText.ranges(of: old, in: block.value)
        switch ranges.count {
        case 0:
            throw .value(
                "No replacement was performed, old_string `\(old)` did not appear verbatim in memory block with "
                    + "label `\(label)`.")
        case 1:
            return try set(BlockText.replacing(ranges, in: block.value, with: new), of: label, in: &draft)
        default:
            let lines = BlockText.lines(of: ranges, in: block.value).map(String.init).joined(separator: ", ")
            throw .value(
                "No replacement was performed. Multiple occurrences of old_string `\(old)` in lines [\(lines)]. "
                    + "Please ensure it is unique.")
        }
    }

    @Sendable private static func insert(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        try insert(
            try arguments.text("new_string"), argument: "new_string", at: arguments.integer("insert_line") ?? -1,
            in: try arguments.text("label"), &draft)
    }

    static func insert(
        _ text: String, argument: String, at line: Int, in label: String, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        let value = try draft.editableBlock(label).value
        try BlockText.refuseLineNumbers(in: text, argument: argument)
        // An empty block has no line next to which the text could be inserted.
        var lines = value.isEmpty ? [] : BlockText.lines(of: value)
        guard line == -1 || (0...lines.count).contains(line) else {
            throw .value(
                "Invalid `insert_line` parameter: \(line). It should be within the range of lines of the memory "
                    + "block: [0, \(lines.count)], or -1 to append to the end of the memory block.")
        }
        lines.insert(text, at: line == -1 ? lines.count : line)
        return try set(lines.joined(separator: "\n"), of: label, in: &draft)
    }

    @Sendable private static func rethink(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        let new = try arguments.text("new_memory")
        try BlockText.refuseLineNumbers(in: new, argument: "new_memory")
        return try set(new, of: try arguments.text("label"), in: &draft)
    }

    /// What is remembered about the user is in the block `human`.
    @Sendable private static func rethinkUser(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        let new = try arguments.text("new_memory")
        try BlockText.refuseLineNumbers(in: new, argument: "new_memory")
        return try set(new, of: "human", in: &draft)
    }

    /// The result of every edit of one block is its new value, so that the model sees it.
    private static func set(
        _ value: String, of label: String, in draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        try draft.setValue(value, of: label)
        return value
    }
}
