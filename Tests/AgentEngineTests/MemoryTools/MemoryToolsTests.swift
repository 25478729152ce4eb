import JSON
import Testing

@testable import AgentEngine

/// One call of a memory tool on a fixed memory, and what it must answer.
struct MemoryCall: Sendable, CustomTestStringConvertible {
    var tool: String
    var arguments: JSONObject
    var answer: String
    var succeeds = true
    /// The Python exception named in stderr, for failures.
    var kind = "ValueError"

    var testDescription: String { "\(tool) \(JSONWriter.string(of: arguments))" }

    static func ok(_ tool: String, _ arguments: JSONObject, _ answer: String) -> MemoryCall {
        MemoryCall(tool: tool, arguments: arguments, answer: answer)
    }

    static func fails(
        _ tool: String, _ arguments: JSONObject, _ answer: String, _ kind: String = "ValueError"
    ) -> MemoryCall {
        MemoryCall(tool: tool, arguments: arguments, answer: answer, succeeds: false, kind: kind)
    }

    static let blocks = [
        MemoryBlock(label: "human", value: "first\nL2\nL2\nlast", limit: 40),
        MemoryBlock(label: "ro", value: "fixed", limit: 100, readOnly: true),
        MemoryBlock(label: "empty", value: "", limit: 100),
    ]

    func check(_ comment: Comment? = nil) throws {
        let result = try #require(MemoryTools.run(tool, arguments: arguments, blocks: Self.blocks))
        #expect(result.outcome.result == .string(answer), comment)
        #expect(result.outcome.succeeded == succeeds)
        #expect(result.outcome.stdout == nil)
        if succeeds {
            #expect(result.outcome.stderr == nil)
        } else {
            #expect(result.outcome.stderr == ["Error executing function \(tool): \(kind): \(answer)"])
            #expect(result.blocks == Self.blocks)
            #expect(result.edits.isEmpty)
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct MemoryToolsTests {
    private static let readOnly = "Error This block is read-only and cannot be edited."
    private static let unknown = "'Block field zz does not exist (available sections = human, ro, empty)'"
    private static func numbered(_ name: String) -> String {
        "\(name) contains a line number prefix, which is not allowed. Do not include line numbers when calling memory "
            + "tools (line numbers are for display purposes only)."
    }

    // MARK: Answers

    static let coreCalls: [MemoryCall] = [
        .ok("send_message", ["message": "hi"], "Sent message successfully."),
        .ok("memory_finish_edits", [:], "None"),
        .ok("core_memory_append", ["label": "human", "content": "x"], "first\nL2\nL2\nlast\nx"),
        .ok("core_memory_append", ["label": "empty", "content": "x"], "x"),
        .fails("core_memory_append", ["label": "zz", "content": "x"], unknown, "KeyError"),
        .fails("core_memory_append", ["label": "ro", "content": "x"], readOnly),
        .ok(
            "core_memory_replace", ["label": "human", "old_content": "L2", "new_content": "two"],
            "first\ntwo\ntwo\nlast"),
        .ok("core_memory_replace", ["label": "human", "old_content": "L2\nL2\n", "new_content": ""], "first\nlast"),
        .fails(
            "core_memory_replace", ["label": "human", "old_content": "absent", "new_content": "x"],
            "Old content 'absent' not found in memory block 'human'"),
        .fails(
            "core_memory_replace", ["label": "human", "old_content": "", "new_content": "x"],
            "Old content '' not found in memory block 'human'"),
        .fails("core_memory_replace", ["label": "ro", "old_content": "fixed", "new_content": "x"], readOnly),
    ]

    static let replaceCalls: [MemoryCall] = [
        .ok("memory_replace", ["label": "human", "old_string": "first", "new_string": "1st"], "1st\nL2\nL2\nlast"),
        .ok("memory_replace", ["label": "empty", "old_string": "", "new_string": "x"], "x"),
        .fails(
            "memory_replace", ["label": "human", "old_string": "absent", "new_string": "x"],
            "No replacement was performed, old_string `absent` did not appear verbatim in memory block with label "
                + "`human`."),
        .fails(
            "memory_replace", ["label": "human", "old_string": "L2", "new_string": "x"],
            "No replacement was performed. Multiple occurrences of old_string `L2` in lines [2, 3]. Please ensure it "
                + "is unique."),
        .fails(
            "memory_replace", ["label": "human", "old_string": "1→ first", "new_string": "x"], numbered("old_string")),
        .fails(
            "memory_replace", ["label": "human", "old_string": "first", "new_string": "1→ x"], numbered("new_string")),
        .fails("memory_replace", ["label": "zz", "old_string": "a", "new_string": "b"], unknown, "KeyError"),
        .fails("memory_replace", ["label": "ro", "old_string": "fixed", "new_string": "b"], readOnly),
    ]

    static let insertCalls: [MemoryCall] = [
        .ok("memory_insert", ["label": "human", "new_string": "top", "insert_line": 0], "top\nfirst\nL2\nL2\nlast"),
        .ok("memory_insert", ["label": "human", "new_string": "mid", "insert_line": 1], "first\nmid\nL2\nL2\nlast"),
        .ok("memory_insert", ["label": "human", "new_string": "end"], "first\nL2\nL2\nlast\nend"),
        .ok("memory_insert", ["label": "human", "new_string": "end", "insert_line": -1], "first\nL2\nL2\nlast\nend"),
        .ok("memory_insert", ["label": "human", "new_string": "end", "insert_line": 4], "first\nL2\nL2\nlast\nend"),
        .ok("memory_insert", ["label": "empty", "new_string": "x"], "x"),
        .ok("memory_insert", ["label": "empty", "new_string": "x", "insert_line": 0], "x"),
        .fails(
            "memory_insert", ["label": "human", "new_string": "far", "insert_line": 99],
            "Invalid `insert_line` parameter: 99. It should be within the range of lines of the memory block: [0, 4], "
                + "or -1 to append to the end of the memory block."),
        .fails("memory_insert", ["label": "human", "new_string": "2→ x", "insert_line": 1], numbered("new_string")),
        .fails("memory_insert", ["label": "zz", "new_string": "x", "insert_line": 0], unknown, "KeyError"),
        .fails("memory_insert", ["label": "ro", "new_string": "x"], readOnly),
        .ok("memory_rethink", ["label": "human", "new_memory": "all new"], "all new"),
        .fails("memory_rethink", ["label": "zz", "new_memory": "x"], unknown, "KeyError"),
        .fails("memory_rethink", ["label": "ro", "new_memory": "x"], readOnly),
    ]

    @Test(arguments: coreCalls + replaceCalls + insertCalls)
    func answersAsClientsKnowIt(_ call: MemoryCall) throws { try call.check() }

    @Test func theResultHoldsTheEditAndTheBlocksAfterIt() throws {
        let result = try #require(
            MemoryTools.run(
                "core_memory_append", arguments: ["label": "empty", "content": "x"], blocks: MemoryCall.blocks))
        #expect(result.edits == [.setValue(label: "empty", value: "x")])
        #expect(result.blocks.map(\.value) == ["first\nL2\nL2\nlast", "fixed", "x"])
    }

    @Test func onlyItsOwnToolsAreRun() {
        #expect(MemoryTools.run("conversation_search", arguments: [:], blocks: []) == nil)
        #expect(MemoryTools.run("nope", arguments: [:], blocks: []) == nil)
        #expect(MemoryTools.names.allSatisfy { BaseTool.named($0) != nil })
    }

    // MARK: Limits

    static let tooLong: [(tool: String, arguments: JSONObject, length: Int)] = [
        ("core_memory_append", ["label": "human", "content": .string(String(repeating: "x", count: 25))], 42),
        ("memory_insert", ["label": "human", "new_string": .string(String(repeating: "x", count: 24))], 41),
        ("memory_rethink", ["label": "human", "new_memory": .string(String(repeating: "é", count: 41))], 41),
        (
            "memory_replace",
            ["label": "human", "old_string": "first", "new_string": .string(String(repeating: "x", count: 30))], 41
        ),
        (
            "core_memory_replace",
            ["label": "human", "old_content": "L2", "new_content": .string(String(repeating: "x", count: 20))], 52
        ),
    ]

    @Test(arguments: tooLong)
    func aValueBeyondTheLimitIsRefused(_ call: (tool: String, arguments: JSONObject, length: Int)) throws {
        try MemoryCall.fails(
            call.tool, call.arguments,
            "Memory block 'human' holds at most 40 characters; with this edit it would have \(call.length). Nothing "
                + "was changed. Shorten the text, or remove something first."
        ).check()
    }

    @Test func aValueOfExactlyTheLimitFits() throws {
        let value = String(repeating: "é", count: 40)
        try MemoryCall.ok("memory_rethink", ["label": "human", "new_memory": .string(value)], value).check()
    }

    // MARK: Arguments

    static let arguments: [MemoryCall] = [
        .fails(
            "core_memory_append", ["label": "human"],
            "core_memory_append() missing 1 required positional argument: 'content'", "TypeError"),
        .fails(
            "core_memory_append", [:],
            "core_memory_append() missing 2 required positional arguments: 'label' and 'content'", "TypeError"),
        .fails(
            "memory_replace", ["label": nil],
            "memory_replace() missing 3 required positional arguments: 'label', 'old_string', and 'new_string'",
            "TypeError"),
        .fails(
            "memory_insert", ["label": "human", "new_string": "x", "insert_line": "one"],
            "invalid literal for int() with base 10: 'one'"),
        .ok(
            "memory_insert", ["label": "human", "new_string": "x", "insert_line": " 0 "], "x\nfirst\nL2\nL2\nlast"),
        .ok(
            "memory_insert", ["label": "human", "new_string": "x", "insert_line": 1.0], "first\nx\nL2\nL2\nlast"),
        .ok(
            "memory_insert", ["label": "human", "new_string": "x", "insert_line": nil], "first\nL2\nL2\nlast\nx"),
        .ok("memory_rethink", ["label": "human", "new_memory": 5, "zz": 3], "5"),
        .ok("memory_rethink", ["label": "human", "new_memory": true], "True"),
        .ok("memory_rethink", ["label": "human", "new_memory": ["a", 1]], "['a', 1]"),
    ]

    @Test(arguments: arguments)
    func argumentsAreConvertedOrRefused(_ call: MemoryCall) throws { try call.check() }

    @Test func listsAndTruthValuesAreConverted() throws {
        let insert = try #require(BaseTool.named("archival_memory_insert"))
        let arguments = try ToolArguments(["content": "x", "tags": ["a", 1]], for: insert)
        #expect(arguments.strings("tags") == ["a", "1"])
        #expect(throws: ToolFailure(.typeError, "tags must be a list, not 'work'")) {
            try ToolArguments(["content": "x", "tags": "work"], for: insert)
        }
    }

    // MARK: Text

    @Test func lettersThatOnlyLookAlikeAreDifferent() throws {
        let blocks = [MemoryBlock(label: "a", value: "cafe\u{301}", limit: 100)]
        let result = try #require(
            MemoryTools.run(
                "memory_replace", arguments: ["label": "a", "old_string": "café", "new_string": "x"], blocks: blocks))
        #expect(!result.outcome.succeeded)
    }

    @Test func linesEndAtLineFeedsOnly() throws {
        let blocks = [MemoryBlock(label: "a", value: "one\r\ntwo", limit: 100)]
        let result = try #require(
            MemoryTools.run(
                "memory_insert", arguments: ["label": "a", "new_string": "x", "insert_line": 1], blocks: blocks))
        #expect(result.blocks[0].value == "one\r\nx\ntwo")
    }
}
