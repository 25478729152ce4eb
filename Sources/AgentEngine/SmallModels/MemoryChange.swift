import JSON
import ModelProviders

/// A change of one block that the user's words ask for.
enum MemoryChange: Sendable, Hashable {
    case add(String, to: String)
    case replace(String, by: String, in: String)
    /// The whole line.
    case remove(String, from: String)

    var label: String {
        switch self {
        case .add(_, let label), .replace(_, _, let label), .remove(_, let label): label
        }
    }

    /// What the agent knows now; nil when it knows less.
    var note: String? {
        switch self {
        case .add(let text, _), .replace(_, let text, _): text
        case .remove: nil
        }
    }

    /// The call that makes the change; nil when none of the tools can.
    func call(with tools: [String], block: MemoryBlock?) -> ModelToolCall? {
        switch self {
        case .add(let text, let label):
            return Self.call("memory_insert", ["label": label, "new_string": text], tools)
                ?? Self.call("core_memory_append", ["label": label, "content": text], tools)
        case .replace(let old, let new, let label):
            return Self.replacement(of: old, by: new, in: label, tools)
                ?? MemoryChange.add(new, to: label).call(with: tools, block: block)
        case .remove(let line, let label):
            return Self.replacement(of: Self.lineWithFeed(line, in: block?.value ?? ""), by: "", in: label, tools)
        }
    }

    private static func replacement(
        of old: String, by new: String, in label: String, _ tools: [String]
    ) -> ModelToolCall? {
        call("memory_replace", ["label": label, "old_string": old, "new_string": new], tools)
            ?? call("core_memory_replace", ["label": label, "old_content": old, "new_content": new], tools)
    }

    /// The line with one of the line feeds around it, so that none is left empty.
    private static func lineWithFeed(_ line: String, in value: String) -> String {
        if value.hasPrefix(line + "\n") || value.contains("\n\(line)\n") { return line + "\n" }
        return value.hasSuffix("\n" + line) ? "\n" + line : line
    }

    private static func call(
        _ tool: String, _ arguments: KeyValuePairs<String, String>, _ tools: [String]
    ) -> ModelToolCall? {
        guard tools.contains(tool) else { return nil }
        var object: JSONObject = [:]
        for (name, value) in arguments { object[name] = .string(value) }
        return ModelToolCall(id: "", name: tool, arguments: JSONWriter.string(of: object, style: .spaced))
    }

    /// The tools that make changes.
    static let tools: Set<String> = ["memory_insert", "memory_replace", "core_memory_append", "core_memory_replace"]
}
