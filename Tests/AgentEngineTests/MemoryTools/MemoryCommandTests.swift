import JSON
import Testing

@testable import AgentEngine

@Suite(.timeLimit(.minutes(2))) struct MemoryCommandTests {
    private static let recompiled = "Your system prompt has been recompiled"

    static let calls: [MemoryCall] = [
        .ok(
            "memory",
            ["command": "create", "path": "/memories/todo", "description": "to do", "file_text": "buy milk"],
            "Successfully created memory block 'todo'. \(recompiled) with the new memory block and is now active in "
                + "your context."),
        .fails(
            "memory", ["command": "create", "path": "/memories/human", "description": "again"],
            "Memory block 'human' already exists."),
        .fails(
            "memory", ["command": "create", "path": "/memories/x"],
            "Error: description is required for create command"),
        .fails("memory", ["command": "create"], "Error: path is required for create command"),
        .fails(
            "memory", ["command": "view", "path": "/memories"],
            "Error: Unknown command 'view'. Supported commands: create, str_replace, insert, delete, rename"),
        .ok(
            "memory",
            ["command": "str_replace", "path": "/memories/human", "old_string": "first", "new_string": "1st"],
            "1st\nL2\nL2\nlast"),
        .fails(
            "memory", ["command": "str_replace", "path": "zz", "old_string": "a", "new_string": "b"],
            "'Block field zz does not exist (available sections = human, ro, empty)'", "KeyError"),
        .fails(
            "memory", ["command": "str_replace", "path": "/memories/human"],
            "Error: old_string is required for str_replace command"),
        .ok(
            "memory", ["command": "insert", "path": "/memories/human", "insert_line": 0, "insert_text": "top"],
            "top\nfirst\nL2\nL2\nlast"),
        .fails(
            "memory", ["command": "insert", "path": "/memories/human"],
            "Error: insert_text is required for insert command"),
        .ok(
            "memory", ["command": "delete", "path": "/memories/human"],
            "Successfully deleted memory block 'human'. \(recompiled) without this memory block and is now active in "
                + "your context."),
        .fails(
            "memory", ["command": "delete", "path": "/memories/zz"],
            "Error performing delete: 'Block field zz does not exist (available sections = human, ro, empty)'",
            "Exception"),
        .fails(
            "memory", ["command": "delete", "path": "/memories/ro"],
            "Error performing delete: Error This block is read-only and cannot be edited.", "Exception"),
        .ok(
            "memory", ["command": "rename", "old_path": "/memories/human", "new_path": "/memories/ann"],
            "Successfully renamed memory block 'human' to 'ann'. \(recompiled) with the renamed memory block and is "
                + "now active in your context."),
        .fails(
            "memory", ["command": "rename", "old_path": "/memories/human", "new_path": "/memories/empty"],
            "Error performing rename: Memory block 'empty' already exists.", "Exception"),
        .fails(
            "memory", ["command": "rename", "old_path": "/memories/zz", "new_path": "/memories/q"],
            "Error performing rename: 'Block field zz does not exist (available sections = human, ro, empty)'",
            "Exception"),
        .fails(
            "memory", ["command": "rename", "old_path": "/memories/human"],
            "Error: new_path is required for rename command"),
        .ok(
            "memory", ["command": "rename", "path": "/memories/human", "description": "who"],
            "Successfully updated description of memory block 'human'. \(recompiled) with the updated description "
                + "and is now active in your context."),
        .fails("memory", [:], "memory() missing 1 required positional argument: 'command'", "TypeError"),
    ]

    @Test(arguments: calls)
    func answersAsClientsKnowIt(_ call: MemoryCall) throws { try call.check() }

    @Test func afterARenameTheSameTurnUsesTheNewLabel() throws {
        let renamed = try #require(
            MemoryTools.run(
                "memory",
                arguments: ["command": "rename", "old_path": "/memories/human", "new_path": "/memories/ann"],
                blocks: MemoryCall.blocks))
        #expect(renamed.edits == [.rename(label: "human", to: "ann")])
        let described = try #require(
            MemoryTools.run(
                "memory", arguments: ["command": "rename", "path": "/memories/ann", "description": "who"],
                blocks: renamed.blocks))
        #expect(described.edits == [.describe(label: "ann", description: "who")])
        #expect(described.blocks.first?.description == "who")
    }

    @Test func aCreatedBlockCanBeEditedAndDeletedInTheSameTurn() throws {
        var blocks: [MemoryBlock] = []
        let steps: [JSONObject] = [
            ["command": "create", "path": "/memories/a/b", "description": "d", "file_text": "x"],
            ["command": "insert", "path": "/memories/a/b", "insert_text": "y"],
            ["command": "delete", "path": "a/b"],
        ]
        var edits: [MemoryEdit] = []
        for step in steps {
            let result = try #require(MemoryTools.run("memory", arguments: step, blocks: blocks))
            #expect(result.outcome.succeeded)
            blocks = result.blocks
            edits += result.edits
        }
        let created = MemoryBlock(label: "a/b", description: "d", value: "x", limit: MemoryTools.newBlockLimit)
        #expect(
            edits == [.create(created), .setValue(label: "a/b", value: "x\ny"), .delete(label: "a/b")])
        #expect(blocks.isEmpty)
    }
}

@Suite(.timeLimit(.minutes(2))) struct MemoryPatchTests {
    private static let lost =
        "Failed to apply patch: expected hunk context not found in the memory block. Verify the target lines exist and "
        + "try providing more context. Expected start:\n"

    private static func patch(_ text: String) -> JSONObject { ["label": "human", "patch": .string(text)] }

    static let calls: [MemoryCall] = [
        .ok("memory_apply_patch", patch(" first\n-L2\n+two"), "first\ntwo\nL2\nlast"),
        .ok("memory_apply_patch", patch("@@ -1,1 +1,1 @@\n-first\n+1st\n@@\n-last\n+end"), "1st\nL2\nL2\nend"),
        .ok("memory_apply_patch", patch("--- a\n+++ b\n@@\n-first\n"), "L2\nL2\nlast"),
        .ok("memory_apply_patch", patch("+added"), "first\nL2\nL2\nlast\nadded"),
        .fails("memory_apply_patch", patch(" all new\n+added line"), lost + "all new"),
        .fails("memory_apply_patch", patch("-absent\n+x"), lost + "absent"),
        .fails("memory_apply_patch", patch(""), "Failed to apply patch: it holds no changes."),
        .fails(
            "memory_apply_patch", patch("*** Begin Patch\n*** End Patch"),
            "Failed to apply patch: it holds no changes."),
        .fails(
            "memory_apply_patch", patch("first"),
            "Failed to apply patch: line 'first' begins with none of ' ', '-', '+', '@@'."),
        .fails(
            "memory_apply_patch", ["label": "ro", "patch": "-fixed\n+x"],
            "Error This block is read-only and cannot be edited."),
        .fails(
            "memory_apply_patch", patch("*** Begin Patch\n*** Add Block: human\n+x\n*** End Patch"),
            "Memory block 'human' already exists."),
    ]

    @Test(arguments: calls)
    func answersAsClientsKnowIt(_ call: MemoryCall) throws { try call.check() }

    private static let several = """
        *** Begin Patch
        *** Add Block: pets
        +cat
        +dog
        *** Update Block: human
        *** Move to: ann
        @@
         first
        -L2
        *** Delete Block: empty
        *** End Patch
        """

    @Test func severalBlocksAreChangedByOnePatch() throws {
        let result = try #require(
            MemoryTools.run("memory_apply_patch", arguments: Self.patch(Self.several), blocks: MemoryCall.blocks))
        #expect(
            result.outcome.result
                == .string(
                    "Successfully applied memory patch operations. Your system prompt has been recompiled with the updated "
                        + "memory contents and is now active in your context.\n\nOperations completed:\n"
                        + "- Created memory block 'pets'\n- Updated memory block 'human'\n"
                        + "- Renamed memory block 'human' to 'ann'\n- Deleted memory block 'empty'"))
        #expect(result.blocks.map(\.label) == ["ann", "ro", "pets"])
        #expect(result.blocks.map(\.value) == ["first\nL2\nlast", "fixed", "cat\ndog"])
        #expect(result.edits.count == 4)
    }

    @Test func aPatchThatFailsInTheMiddleChangesNothing() throws {
        try MemoryCall.fails(
            "memory_apply_patch",
            Self.patch("*** Begin Patch\n*** Add Block: pets\n+cat\n*** Delete Block: zz\n*** End Patch"),
            "'Block field zz does not exist (available sections = human, ro, empty, pets)'", "KeyError"
        ).check()
    }
}
