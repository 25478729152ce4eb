extension MemoryTools {
    /// The tool `memory`: five commands on blocks named by paths.
    @Sendable static func runCommand(
        _ arguments: ToolArguments, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        let call = CommandCall(command: try arguments.text("command"), arguments: arguments)
        switch call.command {
        case "create": return try create(call, &draft)
        case "str_replace":
            let label = try call.label("path")
            return try replaceOne(
                try call.required("old_string"), with: try call.required("new_string"), in: label, &draft)
        case "insert":
            let label = try call.label("path")
            return try insert(
                try call.required("insert_text"), argument: "insert_text",
                at: arguments.integer("insert_line") ?? -1, in: label, &draft)
        case "delete": return try delete(call, &draft)
        case "rename": return try renameOrDescribe(call, &draft)
        default:
            throw .value(
                "Error: Unknown command '\(call.command)'. Supported commands: create, str_replace, insert, delete, "
                    + "rename")
        }
    }

    private static func create(_ call: CommandCall, _ draft: inout MemoryDraft) throws(ToolFailure) -> String {
        let label = try call.label("path")
        let description = try call.required("description")
        let text = call.arguments.string("file_text") ?? ""
        try BlockText.refuseLineNumbers(in: text, argument: "file_text")
        try draft.create(MemoryBlock(label: label, description: description, value: text, limit: newBlockLimit))
        return "Successfully created memory block '\(label)'. Your system prompt has been recompiled with the new "
            + "memory block and is now active in your context."
    }

    private static func delete(_ call: CommandCall, _ draft: inout MemoryDraft) throws(ToolFailure) -> String {
        let label = try call.label("path")
        try performing("delete") { () throws(ToolFailure) in try draft.delete(label) }
        return "Successfully deleted memory block '\(label)'. Your system prompt has been recompiled without this "
            + "memory block and is now active in your context."
    }

    private static func renameOrDescribe(
        _ call: CommandCall, _ draft: inout MemoryDraft
    ) throws(ToolFailure) -> String {
        if let path = call.arguments.string("path"), let description = call.arguments.string("description") {
            let label = CommandCall.label(ofPath: path)
            try performing("update_description") { () throws(ToolFailure) in
                try draft.describe(label, as: description)
            }
            return "Successfully updated description of memory block '\(label)'. Your system prompt has been "
                + "recompiled with the updated description and is now active in your context."
        }
        // A model may name the block by `path`, as in every other command.
        let old = try call.label(call.arguments.string("old_path") == nil ? "path" : "old_path")
        let new = try call.label("new_path")
        try performing("rename") { () throws(ToolFailure) in try draft.rename(old, to: new) }
        return "Successfully renamed memory block '\(old)' to '\(new)'. Your system prompt has been recompiled with "
            + "the renamed memory block and is now active in your context."
    }

    /// Adds the attempted action to the failure, as clients expect of these commands.
    private static func performing(
        _ action: String, _ body: () throws(ToolFailure) -> Void
    ) throws(ToolFailure) {
        do throws(ToolFailure) {
            try body()
        } catch {
            throw ToolFailure(.exception, "Error performing \(action): \(error.message)")
        }
    }
}

/// One call of the tool `memory`, whose arguments depend on the command.
private struct CommandCall {
    var command: String
    var arguments: ToolArguments

    func required(_ name: String) throws(ToolFailure) -> String {
        guard let text = arguments.string(name) else {
            throw .value("Error: \(name) is required for \(command) command")
        }
        return text
    }

    func label(_ name: String) throws(ToolFailure) -> String {
        Self.label(ofPath: try required(name))
    }

    /// `/memories/todo` and `todo` both name the block `todo`.
    static func label(ofPath path: String) -> String {
        for prefix in ["/memories/", "memories/", "/"] where path.hasPrefix(prefix) {
            return String(path.dropFirst(prefix.count))
        }
        return path
    }
}
