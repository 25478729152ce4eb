package import JSON

/// One constraint on the order of an agent's tool calls.
package struct ToolRule: Sendable, Hashable {
    package var tool: String
    package var effect: Effect
    /// Stored for clients that send it; the prompt has our own texts.
    package var promptTemplate: String?

    package init(tool: String, _ effect: Effect, promptTemplate: String? = nil) {
        self.tool = tool
        self.effect = effect
        self.promptTemplate = promptTemplate
    }

    package enum Effect: Sendable, Hashable {
        /// The turn's first call must be this tool; `arguments` override the model's.
        case runFirst(arguments: JSONObject?)
        /// After the tool, only `children` may be called.
        case constrainChildren(children: [String], arguments: [ChildArguments]?)
        /// `children` may only be called right after the tool.
        case parentLast(children: [String])
        /// The result of the tool selects the next tool.
        case conditional(Conditional)
        /// A call of the tool ends the turn.
        case exitLoop
        /// A call of the tool always leads to another step.
        case continueLoop
        /// The tool may be called this often in one turn.
        case maximumCount(Int)
        /// The turn cannot end before the tool was called.
        case requiredBeforeExit
        /// The tool requires approval before it runs.
        case requiresApproval
    }

    /// Arguments that override the model's when `child` is called next.
    package struct ChildArguments: Sendable, Hashable {
        package var child: String
        package var arguments: JSONObject?

        package init(child: String, arguments: JSONObject?) {
            self.child = child
            self.arguments = arguments
        }
    }

    package struct Conditional: Sendable, Hashable {
        /// A returned text and the tool that it selects.
        package struct Case: Sendable, Hashable {
            package var output: String
            package var child: String

            package init(output: String, child: String) {
                self.output = output
                self.child = child
            }
        }

        /// The tool to call when no case matches; nil leaves the choice to the model.
        package var defaultChild: String?
        /// At least one, in the client's order.
        package var cases: [Case]
        /// Whether an output that matches no case is an error.
        package var requiresMatch: Bool

        package init(defaultChild: String?, cases: [Case], requiresMatch: Bool) {
            self.defaultChild = defaultChild
            self.cases = cases
            self.requiresMatch = requiresMatch
        }
    }
}

extension ToolRule {
    /// The names of the effects on the wire, in the order the published error text lists them.
    package enum Kind: String, Sendable, CaseIterable {
        case constrainChildren = "constrain_child_tools"
        case runFirst = "run_first"
        case exitLoop = "exit_loop"
        case conditional
        case continueLoop = "continue_loop"
        case requiredBeforeExit = "required_before_exit"
        case maximumCount = "max_count_per_step"
        case parentLast = "parent_last_tool"
        case requiresApproval = "requires_approval"
    }

    package var kind: Kind {
        switch effect {
        case .runFirst: .runFirst
        case .constrainChildren: .constrainChildren
        case .parentLast: .parentLast
        case .conditional: .conditional
        case .exitLoop: .exitLoop
        case .continueLoop: .continueLoop
        case .maximumCount: .maximumCount
        case .requiredBeforeExit: .requiredBeforeExit
        case .requiresApproval: .requiresApproval
        }
    }
}

extension [ToolRule] {
    /// The rules in order, without duplicates.
    package var withoutDuplicates: [ToolRule] {
        var seen: Set<ToolRule> = []
        return filter { seen.insert($0).inserted }
    }
}
