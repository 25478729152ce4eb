package import JSON
package import ModelProviders

/// The note that a small model writes when its user asks to remember something: the block and the text.
package enum MemoryNote {
    /// The maximum length of a note, in characters: sentences, not essays.
    private static let longest = 400

    /// The tools that can store a note, with the argument for its text.
    static let tools = [("memory_insert", "new_string"), ("core_memory_append", "content")]

    /// The request for a note.
    package static func messages(for plan: SmallModelPlan) -> [ModelMessage] {
        let blocks = plan.blocks.filter { !$0.readOnly }.map { block in
            let description = block.description ?? PromptText.blockDescription(label: block.label)
            return "- \(block.label)\(description.map { ": \($0)" } ?? "")"
        }
        let system = PromptText.smallModelNote.replacing("{BLOCKS}", with: blocks.joined(separator: "\n"))
        return [.system(system), .user([.text(plan.userText)])]
    }

    /// The JSON schema of the answer.
    package static func responseFormat(for plan: SmallModelPlan) -> JSONValue {
        let schema: JSONValue = [
            "type": "object",
            "properties": [
                "label": ["type": "string", "enum": .array(plan.noteLabels.map { .string($0) })],
                "content": ["type": "string", "minLength": 1, "maxLength": .int(Int64(longest))],
            ],
            "required": ["label", "content"], "additionalProperties": false,
        ]
        return ForcedCall.responseFormat(name: "note", schema: schema)
    }

    /// The call of `tool` that stores the note; nil when the answer is none, or is stored already.
    static func call(of tool: String, from answer: String, for plan: SmallModelPlan) -> ModelToolCall? {
        guard let argument = tools.first(where: { $0.0 == tool })?.1, let note = ForcedCall.object(in: answer),
            let label = note["label"]?.string, let content = note["content"]?.string?.trimmingSpaces, !content.isEmpty,
            let block = plan.blocks.first(where: { $0.label == label && !$0.readOnly }),
            !block.value.contains(content)
        else { return nil }
        let arguments: JSONObject = ["label": .string(label), argument: .string(content)]
        return ModelToolCall(id: "", name: tool, arguments: JSONWriter.string(of: arguments, style: .spaced))
    }
}
