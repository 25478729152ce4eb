import AgentEngine
import JSON
import LettaAPI
import ModelProviders

extension [SentMessage] {
    /// What is said in the request.
    var said: [CreateMessage] {
        compactMap { if case .said(let message) = $0 { message } else { nil } }
    }

    /// The answers in the request, in their order.
    ///
    /// - Throws: `APIError` 422 for an answer that decides nothing.
    func decisions() throws -> [ApprovalDecision] {
        try enumerated().flatMap { index, message -> [ApprovalDecision] in
            guard case .approval(let approval) = message else { return [] }
            return try approval.decisions(at: index)
        }
    }
}

extension ApprovalMessage {
    fileprivate func decisions(at index: Int) throws -> [ApprovalDecision] {
        if let answers = approvals ?? toolReturns, !answers.isEmpty {
            return try answers.map { try $0.decision(at: index) }
        }
        guard let approve, let approvalRequestID else {
            throw APIError.invalidField(
                "messages", "message \(index) needs approvals, tool_returns, or approve with approval_request_id",
                input: .null)
        }
        return [ApprovalDecision(callID: approvalRequestID, approves: approve, reason: reason)]
    }
}

extension ApprovalAnswer {
    fileprivate func decision(at index: Int) throws -> ApprovalDecision {
        switch (type, approve, toolReturn) {
        case (.approval?, let approve?, _), (nil, let approve?, nil):
            var decision = ApprovalDecision(callID: toolCallID, approves: approve, reason: reason)
            if approve { decision.arguments = try editedArguments(at: index) }
            return decision
        case (.tool?, _, let content?), (nil, nil, let content?):
            let result = TurnMessage.ToolReturn(
                callID: toolCallID, result: try content.result(at: index), succeeded: status != .error, stdout: stdout,
                stderr: stderr)
            return ApprovalDecision(callID: toolCallID, approves: true, toolReturn: result)
        default:
            throw APIError.invalidField(
                "messages", "message \(index) must say for call \(toolCallID) either approve or tool_return",
                input: .null)
        }
    }
}

extension ApprovalAnswer {
    /// The text of the arguments that replace the model's; nil when they stay.
    private func editedArguments(at index: Int) throws -> String? {
        guard let arguments, !arguments.isNull else { return nil }
        let parser = JSONParser(options: [.replaceLoneSurrogates, .removeNUL])
        // What is no JSON object is refused below.
        let object = arguments.object ?? arguments.string.flatMap { try? parser.parse($0).object }
        guard let object else {
            throw APIError.invalidField(
                "messages", "message \(index) has arguments for call \(toolCallID) that are not a JSON object",
                input: arguments)
        }
        return JSONWriter.string(of: object, style: .spaced)
    }
}

extension MessageContent {
    fileprivate func result(at index: Int) throws -> JSONValue {
        switch self {
        case .text(let text):
            return .string(text)
        case .parts(let parts):
            return .array(
                try parts.map { part in
                    switch TurnMessage.Part(json: part) {
                    case .text?, .image?: return part
                    default:
                        throw APIError.invalidField(
                            "messages", "message \(index) has a result that is neither text nor image", input: part)
                    }
                })
        }
    }
}

extension ClientTool {
    static let nameRule = "a tool's name must be 1 to 64 letters, digits, '_' or '-'"

    /// Whether every model service takes a tool of that name.
    static func isCallable(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// - Throws: `APIError` 422 for a name that models can't call, or that is given twice.
    static func checked(_ tools: [ClientTool]) throws -> [ClientTool] {
        var names: Set<String> = []
        for tool in tools {
            guard isCallable(tool.name) else {
                throw APIError.invalidField("client_tools", nameRule, input: .string(tool.name))
            }
            guard names.insert(tool.name).inserted else {
                throw APIError.invalidField(
                    "client_tools", "two tools are named \(tool.name)", input: .string(tool.name))
            }
            guard tool.parameters == nil || tool.parameters?.object != nil || tool.parameters == .null else {
                throw APIError.invalidField(
                    "client_tools", "the parameters of \(tool.name) must be a JSON schema", input: .string(tool.name))
            }
        }
        return tools
    }
}

extension TurnState {
    /// Offers the client's tools to the model, in place of the agent's own of the same names.
    mutating func offer(_ tools: [ClientTool]) throws {
        guard !tools.isEmpty else { return }
        let loop = LoopSettings(agent, config, rules: plan.rules, isSmall: context.model.traits.isSmall)
        var schemas: [String: ToolSchema] = [:]
        for tool in tools {
            let schema = ToolSchema(of: tool, isStrict: config.strict)
            schemas[tool.name] = schema
            var entry = TurnTool(
                name: tool.name, requiredArguments: schema.requiredArguments, needsApproval: true)
            entry.runsAtClient = true
            entry.ownsThought = LoopArguments.isOwn(LoopArguments.thought, in: schema.tool.parameters)
            plan.tools.removeAll { $0.name == tool.name }
            plan.tools.append(entry)
        }
        context.tools.merge(loop.tools(schemas, isStrict: config.strict)) { $1 }
    }
}
