import JSON
import LettaAPI

/// A request in one of OpenAI's forms, as an agent gets it: what the user said last, the results of the client's tools, the
/// tools that the client offers, and its settings of the model. What was said before is the agent's to remember.
struct FrontRequest: Sendable {
    /// Nil when results are all there is.
    let message: CreateMessage?
    /// By the ids of their calls.
    let results: [ApprovalAnswer]
    let tools: [ClientTool]
    /// Whether the model is offered the tools.
    let offersTools: Bool
    let settings: TurnSettings

    /// Whether the client runs the tool with a name.
    @Sendable func offers(_ name: String) -> Bool { tools.contains { $0.name == name } }

    // MARK: Chat completions

    /// - Throws: `APIError` for a request without a message of the user and without results, or with parts that an agent
    ///   can't take.
    init(_ body: CreateChatCompletion) throws {
        let start = body.messages.lastIndex { $0.role == "assistant" }.map { $0 + 1 } ?? 0
        results = try body.messages.enumerated().dropFirst(start).filter { $0.element.role == "tool" }.map {
            index, message in
            guard let id = message.toolCallID else {
                throw APIError.invalidField(
                    "messages[\(index)].tool_call_id", "the result of a tool must name its call", input: .null)
            }
            return ApprovalAnswer(toolCallID: id, toolReturn: message.content?.text ?? "")
        }
        let last = body.messages.lastIndex { $0.role == "user" }
        // A message before the results has been answered by the calls.
        if let last, results.isEmpty || last >= start {
            let said = body.messages[last]
            message = try FrontContent.message(said.content, name: said.name, field: "messages[\(last)].content")
        } else {
            message = nil
        }
        guard message != nil || !results.isEmpty else { throw FrontContent.noUserMessage }
        tools = try (body.tools ?? []).enumerated().map { index, tool in
            guard tool.type == "function", let function = tool.function else {
                throw Self.unknownTool(index, tool.type)
            }
            return function
        }
        offersTools = body.toolChoice != "none"
        var settings = TurnSettings()
        settings.temperature = body.temperature
        settings.maxOutputTokens = try Self.positive(
            body.maxCompletionTokens ?? body.maxTokens,
            body.maxCompletionTokens == nil ? "max_tokens" : "max_completion_tokens")
        settings.responseFormat = try Self.format(body.responseFormat, field: "response_format")
        settings.firstTools = try Self.wanted(
            body.toolChoice, name: body.toolChoice?["function"]?["name"]?.string, among: tools)
        self.settings = settings
    }

    // MARK: Responses

    /// - Throws: as the other.
    init(_ body: CreateResponse) throws {
        switch body.input {
        case .string(let text):
            message = try FrontContent.message(.text(text), name: nil, field: "input")
            results = []
        case .array(let items):
            let start =
                items.lastIndex { $0["role"] == "assistant" || $0["type"] == "function_call" }.map { $0 + 1 } ?? 0
            results = try items.enumerated().dropFirst(start).filter { $0.element["type"] == "function_call_output" }
                .map {
                    try Self.output($0.element, field: "input[\($0.offset)]")
                }
            let last = items.lastIndex { $0["role"] == "user" }
            if let last, results.isEmpty || last >= start {
                message = try FrontContent.message(
                    FrontContent.content(items[last]["content"]), name: nil, field: "input[\(last)].content")
            } else {
                message = nil
            }
            guard message != nil || !results.isEmpty else { throw FrontContent.noUserMessage }
        default:
            throw APIError.invalidField("input", "input must be a text or a list of items", input: body.input)
        }
        tools = try (body.tools ?? []).enumerated().map { index, tool in
            guard tool.type == "function", let name = tool.name else { throw Self.unknownTool(index, tool.type) }
            return ClientTool(name: name, description: tool.description, parameters: tool.parameters)
        }
        offersTools = body.toolChoice != "none"
        var settings = TurnSettings()
        settings.temperature = body.temperature
        settings.maxOutputTokens = try Self.positive(body.maxOutputTokens, "max_output_tokens")
        settings.responseFormat = try Self.format(Self.nested(body.text?["format"]), field: "text.format")
        settings.firstTools = try Self.wanted(body.toolChoice, name: body.toolChoice?["name"]?.string, among: tools)
        self.settings = settings
    }

    private static func output(_ item: JSONValue, field: String) throws -> ApprovalAnswer {
        guard let id = item["call_id"]?.string else {
            throw APIError.invalidField("\(field).call_id", "the result of a tool must name its call", input: .null)
        }
        guard let content = FrontContent.content(item["output"]) else {
            throw APIError.invalidField(
                "\(field).output", "the result of a tool must be a text or parts", input: item["output"] ?? .null)
        }
        var answer = ApprovalAnswer(toolCallID: id, toolReturn: "")
        answer.toolReturn = try FrontContent.parts(of: content, field: "\(field).output")
        return answer
    }

    /// The form of chat completions for the flat one of responses.
    private static func nested(_ format: JSONValue?) -> JSONValue? {
        guard let format, format["type"] == "json_schema" else { return format }
        var schema = format.object ?? [:]
        schema["type"] = nil
        return ["type": "json_schema", "json_schema": .object(schema)]
    }

    // MARK: Settings

    private static func unknownTool(_ index: Int, _ type: String) -> APIError {
        APIError.invalidField(
            "tools[\(index)]", "a tool must be a function with a name; the agent's own tools are its own business",
            input: .string(type))
    }

    private static func positive(_ number: Int?, _ field: String) throws -> Int? {
        guard let number, number < 1 else { return number }
        throw APIError.invalidField(field, "must be 1 or more", input: .int(Int64(number)))
    }

    private static func format(_ format: JSONValue?, field: String) throws -> JSONValue? {
        switch format?["type"]?.string {
        case nil where format == nil || format == .null, "text"?: return nil
        case "json_object"?: return format
        case "json_schema"? where format?["json_schema"]?["schema"]?.object != nil: return format
        default:
            throw APIError.invalidField(
                field, "must have the type text, json_object or json_schema with a schema", input: format ?? .null)
        }
    }

    /// The tools of which the model has to call one first.
    private static func wanted(_ choice: JSONValue?, name: String?, among tools: [ClientTool]) throws -> [String] {
        if choice == "required" { return tools.map(\.name) }
        guard let name else { return [] }
        guard tools.contains(where: { $0.name == name }) else {
            throw APIError.invalidField("tool_choice", "no tool of the request is named so", input: .string(name))
        }
        return [name]
    }
}

extension FrontRequest {
    /// The messages for an agent.
    ///
    /// - Parameter waiting: the calls at which the agent waits for a client.
    func messages(answering waiting: WaitingApproval?) -> [SentMessage] {
        let said = message.map { [SentMessage.said($0)] } ?? []
        guard let waiting else {
            // Results that nothing waits for may be a repeat.
            return said.isEmpty ? [.approval(ApprovalMessage(results))] : said
        }
        let answers = waiting.toolCalls.compactMap { call -> ApprovalAnswer? in
            if let result = results.first(where: { $0.toolCallID == call.toolCallID }) { return result }
            // A chat that goes on without a result gives none any more.
            guard tools.contains(where: { $0.name == call.name }) else { return nil }
            return ApprovalAnswer(toolCallID: call.toolCallID, toolReturn: "The client gave no result.", status: .error)
        }
        return answers.isEmpty ? said : [.approval(ApprovalMessage(answers))] + said
    }
}
