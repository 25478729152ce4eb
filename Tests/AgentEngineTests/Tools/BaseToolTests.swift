import JSON
import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct BaseToolTests {
    /// Name, type, and the parameters in their order: `?` marks the optional ones, the type follows the colon.
    static let published = [
        "send_message letta_core message:string",
        "conversation_search letta_core query?:string roles?:array limit?:integer start_date?:string end_date?:string",
        "archival_memory_insert letta_core content:string tags?:array",
        """
        archival_memory_search letta_core query:string tags?:array tag_match_mode?:string top_k?:integer \
        start_datetime?:string end_datetime?:string
        """,
        "core_memory_append letta_memory_core label:string content:string",
        "core_memory_replace letta_memory_core label:string old_content:string new_content:string",
        """
        memory letta_memory_core command:string path?:string file_text?:string description?:string old_string?:string \
        new_string?:string insert_line?:integer insert_text?:string old_path?:string new_path?:string
        """,
        "memory_apply_patch letta_memory_core label:string patch:string",
        "memory_replace letta_sleeptime_core label:string old_string:string new_string:string",
        "memory_insert letta_sleeptime_core label:string new_string:string insert_line?:integer",
        "memory_rethink letta_sleeptime_core label:string new_memory:string",
        "memory_finish_edits letta_sleeptime_core",
        "send_message_to_agent_and_wait_for_reply letta_multi_agent_core message:string other_agent_id:string",
        "send_message_to_agents_matching_tags letta_multi_agent_core message:string match_all:array match_some:array",
        "send_message_to_agent_async letta_multi_agent_core message:string other_agent_id:string",
        "run_code letta_builtin code:string language:string",
        "run_code_with_tools letta_builtin code:string",
        """
        web_search letta_builtin query:string num_results?:integer category?:string include_text?:boolean \
        include_domains?:array exclude_domains?:array start_published_date?:string end_published_date?:string \
        user_location?:string
        """,
        "fetch_webpage letta_builtin url:string",
        "open_files letta_files_core file_requests:array close_all_others?:boolean",
        "grep_files letta_files_core pattern:string include?:string context_lines?:integer offset?:integer",
        "semantic_search_files letta_files_core query:string limit?:integer",
        "store_memories letta_voice_sleeptime_core chunks:array",
        "rethink_user_memory letta_voice_sleeptime_core new_memory:string",
        "finish_rethinking_memory letta_voice_sleeptime_core",
        """
        search_memory letta_voice_sleeptime_core convo_keyword_queries?:array start_minutes_ago?:integer \
        end_minutes_ago?:integer
        """,
    ]

    @Test func `names, types and parameters are the published ones`() throws {
        let described = try BaseTool.all.map { tool in
            let parameters = try #require(tool.schema["parameters"])
            let required = try #require(parameters["required"]?.array).compactMap(\.string)
            let properties = try #require(parameters["properties"]?.object).map { name, schema in
                "\(name)\(required.contains(name) ? "" : "?"):\(schema["type"]?.string ?? "-")"
            }
            return ([tool.name, tool.type.rawValue] + properties).joined(separator: " ")
        }
        #expect(described == Self.published)
    }

    @Test func `a schema as the wire has it`() throws {
        let tool = try #require(BaseTool.named("open_files"))
        let expected = """
            {"type":"object","properties":{"file_requests":{"type":"array","items":{"type":"object","properties":\
            {"file_name":{"type":"string","description":"…"},"offset":{"type":"integer","description":"…"},\
            "length":{"type":"integer","description":"…"}},"required":["file_name"]},"description":"…"},\
            "close_all_others":{"type":"boolean","description":"…"}},"required":["file_requests"]}
            """
        let text = JSONWriter.string(of: try #require(tool.schema["parameters"]))
        #expect(text.replacing(#/"description":"[^"]*"/#, with: "\"description\":\"…\"") == expected)
    }

    @Test func `choices are listed`() throws {
        let search = try #require(BaseTool.named("conversation_search")?.schema["parameters"]?["properties"])
        #expect(search["roles"]?["items"]?["enum"] == ["assistant", "user", "tool"])
        let archival = try #require(BaseTool.named("archival_memory_search")?.schema["parameters"]?["properties"])
        #expect(archival["tag_match_mode"]?["enum"] == ["any", "all"])
    }

    @Test func `a tool without parameters takes an empty object`() throws {
        let tool = try #require(BaseTool.named("memory_finish_edits"))
        #expect(tool.schema["parameters"] == ["type": "object", "properties": [:], "required": []])
    }

    @Test func `only tools that read run in parallel`() {
        #expect(
            Set(BaseTool.all.filter(\.canRunInParallel).map(\.name)) == [
                "conversation_search", "archival_memory_search", "run_code", "web_search", "fetch_webpage",
                "grep_files", "semantic_search_files",
            ])
    }

    @Test(arguments: BaseTool.all) func `descriptions are there and short`(_ tool: BaseTool) {
        #expect((1...500).contains(tool.description.count))
        for parameter in tool.parameters { #expect((1...140).contains(parameter.description.count)) }
        #expect(tool.tags == [tool.type.rawValue])
    }
}
