import JSON
import LettaAPI
import Storage

/// The columns of a tool that a turn needs, without the long texts for people: it is read with every message.
struct CallableToolRow: Sendable {
    var name: String
    var toolType: String
    var jsonSchema: RawJSON?
    var sourceType: String?
    /// Of users' tools; the server has those of its own.
    var sourceCode: String?
    var returnCharLimit: Int
    var defaultRequiresApproval: Bool?
    var enableParallelExecution: Bool?
    var pipRequirements: RawJSON?
    var packagesStatus: String?
    var packagesDetail: String?

    static let columns: SQLText = """
        tool.name, tool.tool_type, tool.json_schema, tool.source_type,
        CASE WHEN tool.tool_type = \(ToolService.custom) THEN tool.source_code END AS source_code,
        tool.return_char_limit, tool.default_requires_approval, tool.enable_parallel_execution,
        tool.pip_requirements, tool.packages_status, tool.packages_detail
        """

    /// The tool as one that the client runs; nil if the server does.
    func clientTool() throws -> ClientTool? {
        guard toolType == ToolService.custom, sourceCode == nil, let schema = try jsonSchema?.value() else {
            return nil
        }
        return ClientTool(name: name, description: schema["description"]?.string, parameters: schema["parameters"])
    }

    init(_ row: SQLRow) throws(SQLFailure) {
        name = try row["name"]
        toolType = try row["tool_type"]
        jsonSchema = try row["json_schema"]
        sourceType = try row["source_type"]
        sourceCode = try row["source_code"]
        returnCharLimit = try row["return_char_limit"]
        defaultRequiresApproval = try row["default_requires_approval"]
        enableParallelExecution = try row["enable_parallel_execution"]
        pipRequirements = try row["pip_requirements"]
        packagesStatus = try row["packages_status"]
        packagesDetail = try row["packages_detail"]
    }
}
