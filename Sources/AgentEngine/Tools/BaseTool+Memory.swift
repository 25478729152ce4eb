extension BaseTool {
    private static let label = ToolParameter.required("label", .string, "The label of the memory block to edit.")

    static let memoryTools: [BaseTool] = [
        BaseTool(
            "core_memory_append", .memory, "Add text on a new line at the end of a memory block.",
            [label, .required("content", .string, "The text to add.")]),
        BaseTool(
            "core_memory_replace", .memory,
            "Replace text in a memory block. Every place where the old text stands is changed.",
            [
                label,
                .required("old_content", .string, "The text to replace, copied exactly from the block."),
                .required("new_content", .string, "The text to put there. Empty deletes the old text."),
            ]),
        BaseTool(
            "memory", .memory,
            """
            Create, edit, rename or delete memory blocks. A path names a block: /memories/todo is the block "todo".
            - create: path, description, file_text
            - str_replace: path, old_string (must stand exactly once in the block), new_string
            - insert: path, insert_line, insert_text
            - delete: path
            - rename: old_path and new_path; or path and description to change only the description
            """,
            [
                .required("command", .string, "One of: create, str_replace, insert, delete, rename."),
                .optional("path", .string, "The block to work on, for example /memories/todo."),
                .optional("file_text", .string, "create: the text of the new block."),
                .optional("description", .string, "create, rename: what the block is for."),
                .optional("old_string", .string, "str_replace: the text to replace, copied exactly."),
                .optional("new_string", .string, "str_replace: the text to put there."),
                .optional("insert_line", .integer, "insert: the line after which to insert; 0 is the top."),
                .optional("insert_text", .string, "insert: the text to insert."),
                .optional("old_path", .string, "rename: the block's path now."),
                .optional("new_path", .string, "rename: the block's new path."),
            ]),
        BaseTool(
            "memory_apply_patch", .memory,
            """
            Change memory blocks with a patch. For one block, give its label and lines that start with a space \
            (unchanged), - (removed) or + (added). For several blocks, give a patch that begins with \
            "*** Begin Patch", holds sections "*** Add Block: label", "*** Update Block: label" or \
            "*** Delete Block: label" ("*** Move to: label" renames), and ends with "*** End Patch".
            """,
            [
                .required("label", .string, "The block to change; for several blocks, any label: the patch decides."),
                .required("patch", .string, "The patch. Unchanged lines must match the block exactly."),
            ]),
    ]

    static let sleeptimeTools: [BaseTool] = [
        BaseTool(
            "memory_replace", .sleeptime,
            """
            Replace one piece of text in a memory block. The old text must stand in the block exactly once: copy it \
            character by character, with a neighbouring line if it repeats, and without line numbers.
            """,
            [
                label,
                .required("old_string", .string, "The text to replace, copied exactly from the block."),
                .required("new_string", .string, "The text to put there. Empty deletes the old text."),
            ]),
        BaseTool(
            "memory_insert", .sleeptime, "Insert text as new lines into a memory block.",
            [
                label,
                .required("new_string", .string, "The text to insert, without line numbers."),
                .optional("insert_line", .integer, "Insert after this line: 0 is the top, -1 (default) the end."),
            ]),
        BaseTool(
            "memory_rethink", .sleeptime,
            """
            Rewrite a whole memory block. Use it to reorganise; for small changes use memory_replace or memory_insert.
            """,
            [
                label,
                .required("new_memory", .string, "The block's complete new text. Whatever is not in it is lost."),
            ]),
        BaseTool(
            "memory_finish_edits", .sleeptime, "Say that all memory edits are done. Call it once, at the end.", []),
    ]

    static let voiceSleeptimeTools: [BaseTool] = [
        BaseTool(
            "store_memories", .voiceSleeptime,
            "Save older parts of the conversation, before they are dropped, so that they can be found later.",
            [
                .required(
                    "chunks",
                    .list(
                        .object([
                            .required("start_index", .integer, "The number of the first message of the part."),
                            .required("end_index", .integer, "The number of the last message of the part."),
                            .required("context", .string, "One or two sentences: what was said and why it matters."),
                        ])),
                    "Parts of the conversation, one topic each, not overlapping.")
            ]),
        BaseTool(
            "rethink_user_memory", .voiceSleeptime,
            "Rewrite what is remembered about the user, with the new facts worked in.",
            [
                .required(
                    "new_memory", .string,
                    "The complete new text. Keep the old facts that still hold; leave out what is outdated.")
            ]),
        BaseTool(
            "finish_rethinking_memory", .voiceSleeptime,
            "Say that the work on memory is done. Call it once, at the end.", []),
        BaseTool(
            "search_memory", .voiceSleeptime,
            "Search what the user said earlier, when the answer is not in the conversation you see.",
            [
                .optional("convo_keyword_queries", .list(.string), "Words to look for in earlier messages."),
                .optional("start_minutes_ago", .integer, "Only messages newer than this many minutes."),
                .optional("end_minutes_ago", .integer, "Only messages older than this many minutes."),
            ]),
    ]
}
