package import JSON

/// The tool rules of a turn and its call history: decides which tools may come next.
///
/// A turn begins with an empty history. Calls that ran count, failed ones too; rejected ones do not.
package struct ToolRuleState: Sendable, Hashable {
    /// The tools that the model may call now.
    package struct Offer: Sendable, Hashable {
        package var tools: [String]
        /// Whether a rule requires a call now.
        package var isForced: Bool
    }

    private struct Call: Sendable, Hashable {
        var tool: String
        var result: String
    }

    private let rules: [ToolRule]
    private let tools: [String]
    private var calls: [Call] = []

    /// Rules for tools that are not among `tools` have no effect.
    package init(rules: [ToolRule], tools: [String]) {
        self.rules = rules.filter { tools.contains($0.tool) }
        self.tools = tools
    }

    package mutating func record(_ tool: String, result: JSONValue) {
        calls.append(Call(tool: tool, result: PythonText.text(of: result)))
    }

    /// Whether one of the tools ran in this turn.
    package func hasCalled(anyOf tools: [String]) -> Bool {
        calls.contains { tools.contains($0.tool) }
    }

    // MARK: What may come next

    package var offer: Offer {
        let firstTools = rules.filter { $0.kind == .runFirst }.map(\.tool)
        if calls.isEmpty, !firstTools.isEmpty {
            return Offer(tools: tools.filter(firstTools.contains), isForced: true)
        }
        let allowed = tools.filter { !isUsedUp($0) && !isHidden($0) }
        guard let wanted = followers else { return Offer(tools: allowed, isForced: false) }
        let forced = allowed.filter(wanted.contains)
        // If the rules leave no tool, the turn would end by accident.
        return forced.isEmpty ? Offer(tools: allowed, isForced: false) : Offer(tools: forced, isForced: true)
    }

    private func isUsedUp(_ tool: String) -> Bool {
        rules.contains { rule in
            guard rule.tool == tool, case .maximumCount(let limit) = rule.effect else { return false }
            return calls.count { $0.tool == tool } >= limit
        }
    }

    /// True for a tool that may only follow another one than the last.
    private func isHidden(_ tool: String) -> Bool {
        rules.contains { rule in
            guard case .parentLast(let children) = rule.effect else { return false }
            return children.contains(tool) && rule.tool != calls.last?.tool
        }
    }

    /// The tools that the last call requires next; nil when it requires none.
    private var followers: Set<String>? {
        guard let last = calls.last else { return nil }
        var wanted: Set<String>?
        for rule in rules where rule.tool == last.tool {
            guard let tools = Self.followers(of: rule, after: last.result) else { continue }
            wanted = wanted?.intersection(tools) ?? tools
        }
        return wanted
    }

    private static func followers(of rule: ToolRule, after result: String) -> Set<String>? {
        switch rule.effect {
        case .constrainChildren(let children, _), .parentLast(let children): Set(children)
        case .conditional(let conditional): conditional.child(for: result).map { [$0] }
        default: nil
        }
    }

    /// Arguments that rules set for a call now; they override the model's.
    package func presetArguments(for tool: String) -> JSONObject? {
        guard let last = calls.last else {
            for rule in rules where rule.tool == tool {
                if case .runFirst(let arguments?) = rule.effect { return arguments }
            }
            return nil
        }
        for rule in rules where rule.tool == last.tool {
            guard case .constrainChildren(_, let presets?) = rule.effect else { continue }
            if let preset = presets.first(where: { $0.child == tool }) { return preset.arguments }
        }
        return nil
    }

    /// The error that the model reads when it calls a tool that is not offered.
    package func refusal(of tool: String) -> String {
        let hints = rules.filter { rule in
            switch rule.effect {
            case .maximumCount: rule.tool == tool && isUsedUp(tool)
            case .constrainChildren, .conditional: rule.tool == calls.last?.tool
            default: false
            }
        }.compactMap(\.promptElement)
        let text =
            "[ToolConstraintError] Cannot call \(tool), valid tools include: \(PythonText.list(offer.tools))."
        guard !hints.isEmpty else { return text }
        return text + "\n** Hint: Possible rules that were violated:" + hints.map { "\n\t- \($0)" }.joined()
    }

    // MARK: The end

    package func endsTurn(_ tool: String) -> Bool {
        rules.contains { $0.tool == tool && $0.kind == .exitLoop }
    }

    /// Why another step follows a call of the tool, in words for the model; nil when no rule demands one.
    func continuation(after tool: String) -> String? {
        let kinds = Set(rules.filter { $0.tool == tool }.map(\.kind))
        if !kinds.isDisjoint(with: [.constrainChildren, .conditional]) { return "child tool rule" }
        return kinds.contains(.continueLoop) ? "continue tool rule" : nil
    }

    /// The tools that must still be called before the turn may end.
    package var missingBeforeExit: [String] {
        rules.filter { rule in
            rule.kind == .requiredBeforeExit && !calls.contains { $0.tool == rule.tool }
        }.map(\.tool)
    }
}

extension ToolRule.Conditional {
    /// The next tool that a result selects; nil leaves the choice to the model.
    func child(for result: String) -> String? {
        cases.first { Self.matches($0.output, result) }?.child ?? defaultChild
    }

    /// Equal as texts, as booleans in any spelling, or as numbers.
    private static func matches(_ output: String, _ result: String) -> Bool {
        if output == result { return true }
        let words = (output.lowercased(), result.lowercased())
        if words.0 == words.1, words.0 == "true" || words.0 == "false" { return true }
        guard let left = Double(output), let right = Double(result) else { return false }
        return left == right
    }
}
