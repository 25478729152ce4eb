import JSON
import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct ToolRuleTests {
    private func rule(_ text: String) throws -> ToolRule { try ToolRule(json: try JSONParser().parse(text)) }

    /// What a client sends, and how the rule is shown: the keys in this order.
    static let wire: [(sent: String, shown: String)] = [
        (
            #"{"type":"run_first","tool_name":"a","args":{"x":"pre"}}"#,
            #"{"tool_name":"a","type":"run_first","prompt_template":null,"args":{"x":"pre"}}"#
        ),
        (
            #"{"type":"run_first","tool_name":"a","args":null}"#,
            #"{"tool_name":"a","type":"run_first","prompt_template":null,"args":null}"#
        ),
        (
            #"{"type":"constrain_child_tools","tool_name":"a","children":["b"]}"#,
            """
            {"tool_name":"a","type":"constrain_child_tools","prompt_template":null,"children":["b"],\
            "child_arg_nodes":null}
            """
        ),
        (
            #"{"type":"constrain_child_tools","tool_name":"a","children":["b"],"child_arg_nodes":[{"name":"b"}]}"#,
            """
            {"tool_name":"a","type":"constrain_child_tools","prompt_template":null,"children":["b"],\
            "child_arg_nodes":[{"name":"b","args":null}]}
            """
        ),
        (
            #"{"type":"parent_last_tool","tool_name":"a","children":["b","c"]}"#,
            #"{"tool_name":"a","type":"parent_last_tool","prompt_template":null,"children":["b","c"]}"#
        ),
        (
            #"{"type":"conditional","tool_name":"a","child_output_mapping":{"z":"b","y":"c"}}"#,
            """
            {"tool_name":"a","type":"conditional","prompt_template":null,"default_child":null,\
            "child_output_mapping":{"z":"b","y":"c"},"require_output_mapping":false}
            """
        ),
        (
            #"{"type":"max_count_per_step","tool_name":"a","max_count_limit":2}"#,
            #"{"tool_name":"a","type":"max_count_per_step","prompt_template":null,"max_count_limit":2}"#
        ),
        (
            #"{"type":"exit_loop","tool_name":"a","prompt_template":"{{x}}"}"#,
            #"{"tool_name":"a","type":"exit_loop","prompt_template":"{{x}}"}"#
        ),
        (
            #"{"type":"continue_loop","tool_name":"a"}"#,
            #"{"tool_name":"a","type":"continue_loop","prompt_template":null}"#
        ),
        (
            #"{"type":"required_before_exit","tool_name":"a"}"#,
            #"{"tool_name":"a","type":"required_before_exit","prompt_template":null}"#
        ),
        (
            #"{"type":"requires_approval","tool_name":"a"}"#,
            #"{"tool_name":"a","type":"requires_approval","prompt_template":null}"#
        ),
    ]

    @Test(arguments: wire) func `a rule is shown with all its fields, and reads back`(
        _ row: (sent: String, shown: String)
    ) throws {
        let rule = try rule(row.sent)
        #expect(JSONWriter.string(of: rule.json) == row.shown)
        #expect(try ToolRule(json: rule.json) == rule)
    }

    @Test func `every type is in the table`() throws {
        #expect(try Set(Self.wire.map { try rule($0.sent).kind }) == Set(ToolRule.Kind.allCases))
    }

    static let mistakes: [(sent: String, code: String, path: [String])] = [
        ("[]", "model_attributes_type", []),
        (#"{"tool_name":"a"}"#, "union_tag_not_found", []),
        (#"{"type":"zzz","tool_name":"a"}"#, "union_tag_invalid", []),
        (#"{"type":7,"tool_name":"a"}"#, "union_tag_invalid", []),
        (#"{"type":"exit_loop"}"#, "missing", ["exit_loop", "tool_name"]),
        (#"{"type":"exit_loop","tool_name":null}"#, "string_type", ["exit_loop", "tool_name"]),
        (
            #"{"type":"exit_loop","tool_name":"a","prompt_template":1}"#, "string_type",
            ["exit_loop", "prompt_template"]
        ),
        (#"{"type":"exit_loop","tool_name":"a","children":[]}"#, "extra_forbidden", ["exit_loop", "children"]),
        (#"{"type":"run_first","tool_name":"a","args":[1]}"#, "dict_type", ["run_first", "args"]),
        (#"{"type":"constrain_child_tools","tool_name":"a"}"#, "missing", ["constrain_child_tools", "children"]),
        (
            #"{"type":"parent_last_tool","tool_name":"a","children":["b",2]}"#, "string_type",
            ["parent_last_tool", "children", "1"]
        ),
        (
            #"{"type":"parent_last_tool","tool_name":"a","children":"b"}"#, "list_type",
            ["parent_last_tool", "children"]
        ),
        (
            #"{"type":"constrain_child_tools","tool_name":"a","children":["b"],"child_arg_nodes":[{"name":"c"}]}"#,
            "value_error", ["constrain_child_tools", "child_arg_nodes", "0", "name"]
        ),
        (
            #"{"type":"constrain_child_tools","tool_name":"a","children":["b"],"child_arg_nodes":[1]}"#,
            "model_type", ["constrain_child_tools", "child_arg_nodes", "0"]
        ),
        (
            #"{"type":"conditional","tool_name":"a","child_output_mapping":{}}"#, "value_error",
            ["conditional", "child_output_mapping"]
        ),
        (
            #"{"type":"conditional","tool_name":"a","child_output_mapping":{"x":1}}"#, "string_type",
            ["conditional", "child_output_mapping", "x"]
        ),
        (
            #"{"type":"conditional","tool_name":"a","child_output_mapping":{"x":"b"},"require_output_mapping":"no"}"#,
            "bool_type", ["conditional", "require_output_mapping"]
        ),
        (
            #"{"type":"max_count_per_step","tool_name":"a","max_count_limit":1.5}"#, "int_type",
            ["max_count_per_step", "max_count_limit"]
        ),
    ]

    @Test(arguments: mistakes) func `a mistake is named with its place`(
        _ row: (sent: String, code: String, path: [String])
    ) {
        let problem = #expect(throws: ToolRuleProblem.self) { try rule(row.sent) }
        #expect(problem?.code == row.code)
        #expect(problem?.path == row.path)
    }

    @Test func `an unknown type is told the known ones`() {
        let problem = #expect(throws: ToolRuleProblem.self) { try rule(#"{"type":"zzz","tool_name":"a"}"#) }
        for kind in ToolRule.Kind.allCases { #expect(problem?.message.contains("'\(kind.rawValue)'") == true) }
    }

    @Test func `identical rules are kept once, in their first place`() {
        let exit = ToolRule(tool: "a", .exitLoop)
        let worded = ToolRule(tool: "a", .exitLoop, promptTemplate: "x")
        let other = ToolRule(tool: "a", .maximumCount(1))
        #expect([exit, other, exit, worded, other].withoutDuplicates == [exit, other, worded])
    }
}

@Suite(.timeLimit(.minutes(2))) struct ToolRulePromptTests {
    @Test func `rules are grouped: continue, children and counts, parents, ends`() throws {
        let rules: [ToolRule] = [
            ToolRule(tool: "send_message", .exitLoop),
            ToolRule(tool: "p", .parentLast(children: ["q"])),
            ToolRule(tool: "a", .maximumCount(1)),
            ToolRule(tool: "silent1", .runFirst(arguments: nil)),
            ToolRule(tool: "b", .constrainChildren(children: ["c", "d"], arguments: nil)),
            ToolRule(tool: "silent2", .requiredBeforeExit),
            ToolRule(tool: "e", .continueLoop),
            ToolRule(tool: "silent3", .requiresApproval),
        ]
        let section = try #require(ToolRule.promptSection(for: rules))
        #expect(section.hasPrefix("<tool_usage_rules>\n"))
        #expect(section.hasSuffix("\n</tool_rule>\n</tool_usage_rules>"))
        let told = section.matches(of: #/<tool_rule>\n(.+)\n</tool_rule>/#).map { String($0.output.1) }
        #expect(
            told == [
                "After e you always get another step.",
                "a can be used at most 1 time per response.",
                "After b, the next tool must be one of: c, d.",
                "Only right after p can you use: q.",
                "send_message ends your response.",
            ])
        #expect(!section.contains("silent"))
    }

    @Test func `rules without words make no section`() {
        #expect(ToolRule.promptSection(for: []) == nil)
        #expect(ToolRule.promptSection(for: [ToolRule(tool: "a", .requiresApproval)]) == nil)
    }
}
