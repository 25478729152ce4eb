import JSON
import LettaAPI
import Storage

/// A row of table `tool`.
struct ToolRow: Sendable {
    var tool: Tool
    var createdAt: Timestamp
    var updatedAt: Timestamp

    static let columns: SQLText = """
        tool.id, tool.project_id, tool.name, tool.tool_type, tool.description, tool.source_type, tool.source_code,
        tool.json_schema, tool.args_json_schema, tool.tags, tool.return_char_limit, tool.pip_requirements,
        tool.npm_requirements, tool.default_requires_approval, tool.enable_parallel_execution, tool.metadata,
        tool.created_by_id, tool.last_updated_by_id, tool.created_at, tool.updated_at
        """

    init(tool: Tool, at time: Timestamp) {
        self.tool = tool
        createdAt = time
        updatedAt = time
    }

    init(_ row: SQLRow) throws {
        let tags: RawJSON = try row["tags"]
        tool = Tool(
            id: try row["id"], toolType: try row["tool_type"], name: try row["name"],
            tags: try tags.value().array?.compactMap(\.string) ?? [], returnCharLimit: try row["return_char_limit"])
        tool.projectID = try row["project_id"]
        tool.description = try row["description"]
        tool.sourceType = try row["source_type"]
        tool.sourceCode = try row["source_code"]
        tool.jsonSchema = try row["json_schema"]
        tool.argsJSONSchema = try row["args_json_schema"]
        tool.pipRequirements = try row["pip_requirements"]
        tool.npmRequirements = try row["npm_requirements"]
        tool.defaultRequiresApproval = try row["default_requires_approval"]
        tool.enableParallelExecution = try row["enable_parallel_execution"]
        tool.metadata = try row["metadata"]
        tool.createdByID = try row["created_by_id"]
        tool.lastUpdatedByID = try row["last_updated_by_id"]
        createdAt = try row["created_at"]
        updatedAt = try row["updated_at"]
    }
}
