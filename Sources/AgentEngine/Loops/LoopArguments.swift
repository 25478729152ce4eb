package import JSON

/// The arguments that the loops add to tools: the model fills them in for the loop, and the tools never see them.
package enum LoopArguments {
    package static let thought = "thinking"
    package static let heartbeat = "request_heartbeat"

    private static let thoughtSchema: JSONValue = [
        "type": "string",
        "description": "Your private reasoning before this call, in a few words. Nobody else reads it.",
    ]

    private static let heartbeatSchema: JSONValue = [
        "type": "boolean",
        "description": .string(
            "Whether you need another step after this call, to use its result or to call another tool. "
                + "If it is false, your turn ends with this call."),
    ]

    /// Whether the parameters have an own argument of that name, which is then the tool's.
    package static func isOwn(_ argument: String, in parameters: JSONValue?) -> Bool {
        parameters?["properties"]?[argument] != nil
    }

    /// The heartbeat of a call; models write truth values as texts.
    static func isTrue(_ value: JSONValue?) -> Bool {
        switch value {
        case .bool(let bool): bool
        case .string(let text): ["true", "yes", "1"].contains(text.lowercased())
        case .int(let int): int != 0
        default: false
        }
    }

    /// The arguments of a call with its thought as the model wrote them.
    static func text(_ arguments: String, thinking thought: String) -> String {
        let parser = JSONParser(options: [.replaceLoneSurrogates, .removeNUL])
        guard let members = try? parser.parse(arguments).object else { return arguments }
        var all: JSONObject = [Self.thought: .string(thought)]
        for (key, value) in members where key != Self.thought { all[key] = value }
        return JSONWriter.string(of: all, style: .indented(2))
    }

    /// The parameters of a tool with the arguments of the loop: the thought comes first, so that the model thinks before
    /// it writes the others, and the heartbeat last.
    package static func added(to parameters: JSONValue, thought: Bool, heartbeat: Bool) -> JSONValue {
        var schema = parameters.object ?? ["type": "object"]
        let own = schema["properties"]?.object ?? [:]
        var required = schema["required"]?.array ?? []
        var properties: JSONObject = [:]
        if thought, own[Self.thought] == nil {
            properties[Self.thought] = thoughtSchema
            required.insert(.string(Self.thought), at: 0)
        }
        for (key, value) in own where !heartbeat || key != Self.heartbeat { properties[key] = value }
        if heartbeat {
            properties[Self.heartbeat] = heartbeatSchema
            required.removeAll { $0.string == Self.heartbeat }
            required.append(.string(Self.heartbeat))
        }
        schema["properties"] = .object(properties)
        schema["required"] = .array(required)
        return .object(schema)
    }
}

/// The arguments of a call as the model wrote them, taken apart for the loop.
struct LoopCall {
    /// The model's thought; nil for none.
    var thought: String?
    /// The text of the arguments as it is stored and shown: without the thought, and with the heartbeat in the end.
    var arguments: String
    /// False when the text was no JSON object.
    var isObject = true

    init(_ text: String, tool: TurnTool?, plan: TurnPlan) {
        var reader = LoopArgumentReader(tool: tool, plan: plan)
        var pieces = reader.add(text)
        pieces += reader.finish()
        arguments = ""
        for piece in pieces {
            switch piece {
            case .thought(let text): thought = (thought ?? "") + text
            case .arguments(let text): arguments += text
            case .speech: break
            }
        }
        // Values are passed on as they are written, valid or not.
        if !reader.isComplete
            || (try? JSONParser(options: [.replaceLoneSurrogates, .removeNUL]).parse(arguments))?.object == nil
        {
            thought = nil
            isObject = false
            arguments = plan.loop == .heartbeat ? "{\"request_heartbeat\": false}" : "{}"
        }
    }
}

extension TurnPlan {
    /// Whether the arguments of calls have parts that are the loop's.
    var rewritesArguments: Bool { thinksInArguments || loop == .heartbeat }

    /// The call as the tool gets it.
    func executable(_ run: ToolRun) -> ToolRun {
        guard loop == .heartbeat, run.arguments[LoopArguments.heartbeat] != nil else { return run }
        var run = run
        run.arguments[LoopArguments.heartbeat] = nil
        return run
    }
}
