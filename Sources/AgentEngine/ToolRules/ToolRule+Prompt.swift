extension ToolRule {
    /// The rule in words for the model; nil for rules that are enforced without a text.
    package var sentence: String? {
        switch effect {
        case .continueLoop:
            "After \(tool) you always get another step."
        case .constrainChildren(let children, _):
            "After \(tool), the next tool must be one of: \(children.joined(separator: ", "))."
        case .conditional:
            "The result of \(tool) decides which tool comes next."
        case .maximumCount(let limit):
            "\(tool) can be used at most \(limit) \(limit == 1 ? "time" : "times") per response."
        case .parentLast(let children):
            "Only right after \(tool) can you use: \(children.joined(separator: ", "))."
        case .exitLoop:
            "\(tool) ends your response."
        case .runFirst, .requiredBeforeExit, .requiresApproval:
            nil
        }
    }

    /// The rule as an element of the prompt, also shown as a hint when a call violates it.
    package var promptElement: String? {
        sentence.map { "<tool_rule>\n\($0)\n</tool_rule>" }
    }

    /// The order of rules in the prompt: continue, then those on children and counts, parents, ends.
    private var promptGroup: Int {
        switch kind {
        case .continueLoop: 0
        case .constrainChildren, .conditional, .maximumCount: 1
        case .parentLast: 2
        default: 3
        }
    }

    /// The prompt's `<tool_usage_rules>` element; nil when no rule has a text.
    package static func promptSection(for rules: [ToolRule]) -> String? {
        let elements = (0...3).flatMap { group in
            rules.filter { $0.promptGroup == group }.compactMap(\.promptElement)
        }
        guard !elements.isEmpty else { return nil }
        return """
            <tool_usage_rules>
            These rules limit which tools you can use when. Calls that break a rule are refused.

            \(elements.joined(separator: "\n"))
            </tool_usage_rules>
            """
    }
}
