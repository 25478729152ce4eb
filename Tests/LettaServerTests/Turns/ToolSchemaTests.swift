import AgentEngine
import JSON
import Storage
import Testing

@testable import LettaServer
@testable import ModelProviders

@Suite(.timeLimit(.minutes(5))) struct ToolSchemaTests {
    private func row(_ name: String, type: String = "custom", schema: RawJSON? = nil) throws -> CallableToolRow {
        let values: [(String, SQLValue)] = [
            ("name", .text(name)), ("tool_type", .text(type)),
            ("json_schema", schema.map { .text($0.text) } ?? .null), ("source_type", .null),
            ("source_code", .null), ("return_char_limit", .integer(100)), ("default_requires_approval", .null),
            ("enable_parallel_execution", .null), ("pip_requirements", .null), ("packages_status", .null),
            ("packages_detail", .null),
        ]
        return try CallableToolRow(SQLRow(columns: SQLColumns(values.map(\.0)), values: values.map(\.1)))
    }

    private func schemas(_ row: CallableToolRow, isStrict: Bool = false) throws -> ToolSchema? {
        try ToolSchema.schemas(of: [row], isStrict: isStrict)[row.name]
    }

    private let own = RawJSON(
        [
            "name": "mine", "description": "Mine.",
            "parameters": ["type": "object", "properties": ["a": ["type": "string"]], "required": ["a"]],
        ] as JSONValue)

    @Test func `the server's own tools say what they say, whatever is stored`() throws {
        for isStrict in [false, true] {
            let schema = try schemas(row("memory_insert", type: "letta_memory_core", schema: own), isStrict: isStrict)
            #expect(schema?.tool.description == BaseTool.named("memory_insert")?.description)
            #expect(schema?.requiredArguments.contains("label") == true)
        }
    }

    @Test func `a user's tool says what is stored, even under the name of one of ours`() throws {
        let schema = try schemas(row("memory_insert", schema: own))
        #expect(schema?.tool.name == "memory_insert")
        #expect(schema?.tool.description == "Mine.")
        #expect(schema?.requiredArguments == ["a"])
    }

    @Test func `a tool that this version does not know says what is stored, one without schema nothing`() throws {
        #expect(try schemas(row("new_tool", type: "letta_core", schema: own))?.tool.description == "Mine.")
        #expect(try schemas(row("new_tool", type: "letta_core")) == nil)
        #expect(
            try schemas(row("bare", schema: RawJSON(trusted: "{}")))?.tool.parameters == [
                "type": "object", "properties": [:],
            ])
        #expect(throws: (any Error).self) { try schemas(row("broken", schema: RawJSON(trusted: "{"))) }
    }
}
