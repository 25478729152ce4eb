import AgentEngine
import JSON
import LettaAPI
import Storage

extension StepService {
    /// - Throws: `APIError` 404 for a step whose request is not stored, or not any more.
    func context(of id: ID<Step>, as scope: Scope) async throws -> StepContext {
        try await core.storage.read(as: scope) { db in
            guard let row = try db.fetch(StepStore.table, id) else { throw APIError.notFound("Step", id) }
            guard let trace = try StepStore.trace(of: id, db) else {
                throw APIError(
                    404, "The request of step \(id) is not stored. Traces are kept for LETTA_TRACE_RETENTION_DAYS.")
            }
            let parts = RequestParts(try trace.request.value()).parts
            var context = StepContext(of: row.step, at: trace.createdAt, parts: parts)
            let place = try StepStore.place(of: row, db)
            (context.previousStepID, context.nextStepID) = (place.before, place.after)
            (context.number, context.count) = (place.number, place.count)
            return context
        }
    }
}

/// The parts of a request to a model, in the form in which traces have it.
private struct RequestParts {
    let parts: [StepContext.Part]

    private static let tags: [(StepContext.PartName, String)] = [
        (.memoryBlocks, "memory_blocks"), (.toolRules, "tool_usage_rules"), (.directories, "directories"),
        (.metadata, "memory_metadata"),
    ]

    init(_ request: JSONValue) {
        let messages = request["messages"]?.array ?? []
        let isSystem = { (message: JSONValue) in ["system", "developer"].contains(message["role"]?.string) }
        var system = messages.first(where: isSystem).map { Self.text(of: $0["content"]) } ?? ""
        var sections: [StepContext.Part] = []
        for (name, tag) in Self.tags { sections.append(Self.part(name, Self.cut(tag, from: &system))) }
        let tools = request["tools"]?.array ?? []
        let said = messages.filter { !isSystem($0) }
        parts =
            [Self.part(.systemPrompt, system), Self.part(.tools, Self.lines(tools), count: tools.count)]
            + sections + [Self.part(.messages, Self.lines(said), count: said.count)]
    }

    private static func part(_ name: StepContext.PartName, _ text: String, count: Int? = nil) -> StepContext.Part {
        StepContext.Part(name: name, text: text, tokens: TokenEstimate.tokens(in: text), count: count)
    }

    private static func lines(_ values: [JSONValue]) -> String {
        values.map { RawJSON($0).text }.joined(separator: "\n")
    }

    private static func text(of content: JSONValue?) -> String {
        content?.string ?? (content?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
    }

    /// Takes a section of the system message out of it. It begins on a line of its own, as the prompt's sentences name it
    /// too. Its end is the last one, because what a block says may look like one.
    private static func cut(_ name: String, from text: inout String) -> String {
        guard let start = text.firstRange(of: "\n<\(name)>\n"), let end = text.ranges(of: "</\(name)>").last,
            start.lowerBound < end.lowerBound
        else { return "" }
        let range = text.index(after: start.lowerBound)..<end.upperBound
        let section = String(text[range])
        text.removeSubrange(range)
        return section
    }
}
