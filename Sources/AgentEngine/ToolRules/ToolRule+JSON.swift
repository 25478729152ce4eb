package import JSON

extension ToolRule {
    /// Decodes a rule. It may name tools that the agent does not have.
    package init(json: JSONValue) throws(ToolRuleProblem) {
        guard let object = json.object else {
            throw ToolRuleProblem(
                path: [], code: "model_attributes_type", message: "Input should be a valid dictionary", input: json)
        }
        let kind = try Self.kind(of: object)
        var fields = ToolRuleFields(object, path: [kind.rawValue])
        _ = try fields.string("type")
        let tool = try fields.string("tool_name")
        let template = try fields.optionalString("prompt_template")
        let effect = try Self.effect(of: kind, &fields)
        try fields.refuseOthers()
        self.init(tool: tool, effect, promptTemplate: template)
    }

    private static func kind(of object: JSONObject) throws(ToolRuleProblem) -> Kind {
        guard let tag = object["type"] else {
            throw ToolRuleProblem(
                path: [], code: "union_tag_not_found", message: "Unable to extract tag using discriminator 'type'",
                input: .object(object))
        }
        guard let kind = tag.string.flatMap(Kind.init(rawValue:)) else {
            let expected = Kind.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            let found = tag.string.map { "'\($0)'" } ?? "of another type than string"
            throw ToolRuleProblem(
                path: [], code: "union_tag_invalid",
                message: "Input tag \(found) found using 'type' does not match any of the expected tags: \(expected)",
                input: .object(object))
        }
        return kind
    }

    private static func effect(of kind: Kind, _ fields: inout ToolRuleFields) throws(ToolRuleProblem) -> Effect {
        switch kind {
        case .runFirst: .runFirst(arguments: try fields.optionalObject("args"))
        case .constrainChildren: try constrainChildren(&fields)
        case .parentLast: .parentLast(children: try fields.strings("children"))
        case .conditional: .conditional(try Conditional(&fields))
        case .exitLoop: .exitLoop
        case .continueLoop: .continueLoop
        case .maximumCount: .maximumCount(try fields.integer("max_count_limit"))
        case .requiredBeforeExit: .requiredBeforeExit
        case .requiresApproval: .requiresApproval
        }
    }

    private static func constrainChildren(_ fields: inout ToolRuleFields) throws(ToolRuleProblem) -> Effect {
        let children = try fields.strings("children")
        guard let nodes = try fields.optionalArray("child_arg_nodes") else {
            return .constrainChildren(children: children, arguments: nil)
        }
        var arguments: [ChildArguments] = []
        for (place, node) in nodes.enumerated() {
            let path = [Kind.constrainChildren.rawValue, "child_arg_nodes", String(place)]
            guard let object = node.object else {
                throw ToolRuleProblem(
                    path: path, code: "model_type", message: "Input should be a valid dictionary", input: node)
            }
            var nodeFields = ToolRuleFields(object, path: path)
            let child = try nodeFields.string("name")
            guard children.contains(child) else {
                throw ToolRuleProblem(
                    path: path + ["name"], code: "value_error",
                    message: "Value error, '\(child)' is not among the rule's children", input: .string(child))
            }
            arguments.append(ChildArguments(child: child, arguments: try nodeFields.optionalObject("args")))
        }
        return .constrainChildren(children: children, arguments: arguments)
    }

    /// The rule on the wire, with every field of its type.
    package var json: JSONValue {
        var object: JSONObject = [
            "tool_name": .string(tool),
            "type": .string(kind.rawValue),
            "prompt_template": promptTemplate.map { .string($0) } ?? .null,
        ]
        switch effect {
        case .runFirst(let arguments):
            object["args"] = arguments.map { .object($0) } ?? .null
        case .constrainChildren(let children, let arguments):
            object["children"] = .array(children.map { .string($0) })
            object["child_arg_nodes"] = arguments.map { .array($0.map(\.json)) } ?? .null
        case .parentLast(let children):
            object["children"] = .array(children.map { .string($0) })
        case .conditional(let conditional):
            var mapping: JSONObject = [:]
            for one in conditional.cases { mapping[one.output] = .string(one.child) }
            object["default_child"] = conditional.defaultChild.map { .string($0) } ?? .null
            object["child_output_mapping"] = .object(mapping)
            object["require_output_mapping"] = .bool(conditional.requiresMatch)
        case .maximumCount(let limit):
            object["max_count_limit"] = .int(Int64(limit))
        case .exitLoop, .continueLoop, .requiredBeforeExit, .requiresApproval:
            break
        }
        return .object(object)
    }
}

extension ToolRule.ChildArguments {
    fileprivate var json: JSONValue {
        ["name": .string(child), "args": arguments.map { .object($0) } ?? .null]
    }
}

extension ToolRule.Conditional {
    fileprivate init(_ fields: inout ToolRuleFields) throws(ToolRuleProblem) {
        let mapping = try fields.object("child_output_mapping")
        let path = [ToolRule.Kind.conditional.rawValue, "child_output_mapping"]
        guard !mapping.isEmpty else {
            throw ToolRuleProblem(
                path: path, code: "value_error",
                message: "Value error, Conditional tool rule must have at least one child tool.",
                input: .object(mapping))
        }
        cases = []
        for (output, child) in mapping {
            guard let child = child.string else {
                throw ToolRuleProblem(
                    path: path + [output], code: "string_type", message: "Input should be a valid string", input: child)
            }
            cases.append(Case(output: output, child: child))
        }
        defaultChild = try fields.optionalString("default_child")
        requiresMatch = try fields.flag("require_output_mapping")
    }
}
