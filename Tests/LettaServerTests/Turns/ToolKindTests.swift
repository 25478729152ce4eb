import AgentEngine
import Storage
import Testing

@testable import LettaServer

/// Which executor a tool gets.
@Suite(.timeLimit(.minutes(5))) struct ToolKindTests {
    private func row(_ name: String, type: String) throws -> CallableToolRow {
        let values: [(String, SQLValue)] = [
            ("name", .text(name)), ("tool_type", .text(type)), ("json_schema", .null), ("source_type", .null),
            ("source_code", .null), ("return_char_limit", .integer(100)), ("default_requires_approval", .null),
            ("enable_parallel_execution", .null), ("pip_requirements", .null), ("packages_status", .null),
            ("packages_detail", .null),
        ]
        return try CallableToolRow(SQLRow(columns: SQLColumns(values.map(\.0)), values: values.map(\.1)))
    }

    @Test func `a user's tool is run as one, even under the name of one of ours`() throws {
        #expect(ToolKind(try row("memory_insert", type: "custom")) == .python)
        #expect(ToolKind(try row("memory_insert", type: "letta_sleeptime_core")) == .memory)
        #expect(ToolKind(try row("conversation_search", type: "letta_core")) == .conversationSearch)
        #expect(ToolKind(try row("archival_memory_insert", type: "letta_core")) == .archivalInsert)
        #expect(ToolKind(try row("archival_memory_search", type: "letta_core")) == .archivalSearch)
        #expect(ToolKind(try row("open_files", type: "letta_files_core")) == .openFiles)
        #expect(ToolKind(try row("grep_files", type: "letta_files_core")) == .searchFiles)
    }
}
