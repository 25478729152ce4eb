import JSON
import LettaAPI
import Storage
import TestSupport

@testable import LettaServer

extension LettaDatabase {
    /// An agent with an own block, the shared one, tools, a variable, a folder, an archive and messages.
    static func fillAgent(_ number: Int, _ db: any SQLExecutor) throws {
        let agent = id("agent", number)
        let block = id("block", 100 + number)
        let messages = (0..<messagesOfAgent).map { id("message", number * 1_000 + $0) }
        // The last one refers to nothing.
        let context = Array(messages.prefix(4)) + [id("message", 999_999)]
        let contextIDs = JSONValue.array(context.map { JSONValue.string($0) })
        try insert(
            "agents",
            [
                "id": .string(agent), "name": .string("Agent \(number) 🦉"), "agent_type": "letta_v1_agent",
                "system": "Be kind.", "llm_config": model, "embedding_config": embedding, "tool_rules": [],
                "metadata_": ["n": .int(Int64(number))], "message_buffer_autoclear": false, "timezone": "Asia/Kolkata",
                "message_ids": contextIDs,
                "created_at": .string(time(number)), "updated_at": .string(time(number + 1)),
                "last_stop_reason": "end_turn", "_created_by_id": .string(User.defaultID.rawValue),
            ], db)
        try insert(
            "block",
            [
                "id": .string(block), "label": "human", "value": .string("knows \(number)"), "limit": 5_000,
                "version": 1,
                "read_only": false, "is_template": false, "created_at": .string(time(number)),
            ], db)
        for (block, label) in [(block, "human"), (id("block", 1), "shared"), (id("block", 404), "lost")] {
            try insert(
                "blocks_agents",
                ["agent_id": .string(agent), "block_id": .string(block), "block_label": .string(label)], db)
        }
        for tool in 1...3 {
            try insert("tools_agents", ["agent_id": .string(agent), "tool_id": .string(id("tool", tool))], db)
        }
        for tag in ["b", "a"] { try insert("agents_tags", ["agent_id": .string(agent), "tag": .string(tag)], db) }
        try insert(
            "agent_environment_variables",
            [
                "id": .string(id("agent-env", number)), "agent_id": .string(agent), "key": "KEY",
                "value": .string("secret \(number)"), "value_enc": .string("secret \(number)"),
            ], db)
        try insert("sources_agents", ["agent_id": .string(agent), "source_id": .string(id("source", 1))], db)
        try insert(
            "files_agents",
            [
                "id": .string(id("file_agent", number)), "agent_id": .string(agent), "file_id": .string(id("file", 1)),
                "source_id": .string(id("source", 1)), "file_name": "a.txt", "is_open": true,
                "visible_content": "1: hello world", "last_accessed_at": .string(time(5)),
            ], db)
        try insert(
            "archives_agents",
            ["agent_id": .string(agent), "archive_id": .string(id("archive", 1)), "is_owner": .bool(number == 0)], db)
        try insert("identities_agents", ["agent_id": .string(agent), "identity_id": .string(id("identity", 1))], db)
        try fillMessages(number, messages, db)
    }

    /// System message, talk, a call that waits for approval, and a conversation of its own.
    private static func fillMessages(_ number: Int, _ messages: [String], _ db: any SQLExecutor) throws {
        let agent = id("agent", number)
        let conversation = id("conv", number)
        func call(_ id: String) -> JSONValue {
            ["id": .string(id), "type": "function", "function": ["name": "add", "arguments": #"{"a": 1}"#]]
        }
        var rows: [[String: JSONValue]] = [
            ["role": "system", "content": text("You are agent \(number).")],
            ["role": "user", "content": .string(#"[{"type": "text", "text": "Hallo\u0000 🙂 \ud83d"}]"#)],
            ["role": "assistant", "content": text("Hi"), "model": "gpt-4o-mini", "run_id": .string(id("run", 1))],
            ["role": "approval", "content": text("I will add"), "tool_calls": [call("call_1")]],
            // Out of the context.
            ["role": "assistant", "content": text("old"), "tool_calls": [call("call_0")]],
            [
                "role": "tool", "content": text("2"), "tool_call_id": "call_0", "is_err": false,
                "tool_returns": [["tool_call_id": "call_0", "status": "success", "func_response": "2"]],
            ],
        ]
        for (role, line) in [("system", "In a conversation"), ("user", "Psst"), ("assistant", "What?")] {
            rows.append(["role": .string(role), "content": text(line), "conversation_id": .string(conversation)])
        }
        for (index, row) in rows.enumerated() {
            var row = row
            row["id"] = .string(messages[index])
            row["agent_id"] = .string(agent)
            row["sequence_id"] = .int(Int64(number * 100 + index))
            row["created_at"] = .string(time(number * 100 + index))
            row["tool_calls"] = row["tool_calls"] ?? []
            try insert("messages", row, db)
        }
        try insert(
            "conversations",
            [
                "id": .string(conversation), "agent_id": .string(agent), "summary": "Whispers",
                "updated_at": .string(time(9)),
            ],
            db)
        for (position, message) in messages.suffix(3).enumerated() {
            try insert(
                "conversation_messages",
                [
                    "id": .string(id("conv_msg", number * 10 + position)), "conversation_id": .string(conversation),
                    "agent_id": .string(agent), "message_id": .string(message), "position": .int(Int64(position)),
                    "in_context": true,
                ], db)
        }
    }

    private static func text(_ text: String) -> JSONValue { [["type": "text", "text": .string(text)]] }
}
