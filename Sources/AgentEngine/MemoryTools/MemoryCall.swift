package import JSON

/// A call that edited memory, to be repeated on the blocks as they are when its step is stored.
package struct MemoryCall: Sendable, Hashable {
    package var call: ToolRun
    /// What a user's tool gave to blocks, by label; nil for a tool of the server's own, which runs again.
    package var values: [String: String]?

    package init(_ call: ToolRun, values: [String: String]? = nil) {
        self.call = call
        self.values = values
    }

    /// Nil for a tool that edits no memory.
    package func run(on blocks: [MemoryBlock]) -> MemoryTools.Result? {
        guard let values else { return MemoryTools.run(call.tool, arguments: call.arguments, blocks: blocks) }
        return MemoryTools.set(values, by: call.tool, blocks: blocks)
    }
}

extension MemoryTools {
    /// Gives blocks the values that a user's tool left; none of them when one can't have its value.
    package static func set(_ values: [String: String], by tool: String, blocks: [MemoryBlock]) -> Result {
        var draft = MemoryDraft(blocks)
        do throws(ToolFailure) {
            for label in values.keys.sorted() { try draft.setValue(values[label] ?? "", of: label) }
            return Result(outcome: ToolOutcome("None"), blocks: draft.blocks, edits: draft.edits)
        } catch {
            return Result(outcome: ToolOutcome(error, of: tool), blocks: blocks, edits: [])
        }
    }
}

extension ToolRun {
    /// A call that comes from a client and not from a model.
    package init(_ tool: String, _ arguments: JSONObject, id: String) {
        self.init(callID: id, tool: tool, arguments: arguments)
    }
}
