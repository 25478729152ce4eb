extension BaseTool {
    static let coreTools: [BaseTool] = [
        BaseTool(
            "send_message", .core, "Send a message to the user.",
            [.required("message", .string, "The text of the message. The user sees exactly this.")]),
        BaseTool(
            "conversation_search", .core,
            """
            Search earlier messages of your conversations that you no longer see. Give a query, dates, or both; \
            the messages with the most telling words come first, then the newest.
            """,
            canRunInParallel: true,
            [
                .optional("query", .string, "The words to look for. Leave out to list messages by date."),
                .optional(
                    "roles", .list(.choice(["assistant", "user", "tool"])), "Only messages of these roles."),
                .optional("limit", .integer, "The most results to return."),
                .optional(
                    "start_date", .string, "Only messages from this day or time on: 2026-01-31 or 2026-01-31T14:30."),
                .optional("end_date", .string, "Only messages up to this day (whole day) or time, written likewise."),
            ]),
        BaseTool(
            "archival_memory_insert", .core,
            """
            Save a fact for the long term in archival memory, which has no size limit. Write it so that it makes \
            sense on its own later. It is not shown to you again: find it with archival_memory_search.
            """,
            [
                .required("content", .string, "The fact to save, as one or more full sentences."),
                .optional("tags", .list(.string), "Topics to file it under, for example [\"work\", \"travel\"]."),
            ]),
        BaseTool(
            "archival_memory_search", .core,
            """
            Search archival memory by the words of what you saved. Memories that have most of your words come first, \
            then the newest. Returns them with time and tags.
            """,
            canRunInParallel: true,
            [
                .required("query", .string, "The words to look for, such as names and topics."),
                .optional("tags", .list(.string), "Only memories filed under these tags."),
                .optional(
                    "tag_match_mode", .choice(["any", "all"]),
                    "Whether one of the tags is enough (any) or all are needed."),
                .optional("top_k", .integer, "The most results to return."),
                .optional(
                    "start_datetime", .string,
                    "Only memories from this day or time on: 2026-01-31 or 2026-01-31T14:30."),
                .optional("end_datetime", .string, "Only memories up to this day or time, written likewise."),
            ]),
    ]

    private static let message = ToolParameter.required("message", .string, "The text for the other agent.")
    private static let otherAgent = ToolParameter.required("other_agent_id", .string, "The other agent's id, agent-…")

    static let multiAgentTools: [BaseTool] = [
        BaseTool(
            "send_message_to_agent_and_wait_for_reply", .multiAgent,
            "Send a message to another agent and wait. Returns what it answers.", [message, otherAgent]),
        BaseTool(
            "send_message_to_agents_matching_tags", .multiAgent,
            "Send a message to every agent with certain tags and wait. Returns the list of their answers.",
            [
                .required("message", .string, "The text for the other agents."),
                .required("match_all", .list(.string), "Tags an agent must all have. May be empty."),
                .required("match_some", .list(.string), "Tags of which an agent must have at least one. May be empty."),
            ]),
        BaseTool(
            "send_message_to_agent_async", .multiAgent,
            "Send a message to another agent without waiting. Returns at once, without the answer.",
            [message, otherAgent]),
    ]
}
