import AgentEngine
import JSON
import LettaAPI

extension TurnMessage.Part {
    /// Whether clients may send it; the other kinds are the agent's own.
    fileprivate var canBeGiven: Bool {
        switch self {
        case .text, .image: true
        case .reasoning, .toolCall, .toolReturn, .approval: false
        }
    }
}

extension SendMessages {
    /// How many alternatives of each token are wanted; nil for no log probabilities.
    fileprivate func logprobs() throws -> Int? {
        if let topLogprobs, !(0...20).contains(topLogprobs) {
            throw APIError.invalidField("top_logprobs", "must be from 0 to 20", input: .int(Int64(topLogprobs)))
        }
        return returnLogprobs == true ? topLogprobs ?? 0 : nil
    }
}

extension MessageContent {
    /// The JSON of empty content; nil otherwise.
    fileprivate var emptyJSON: JSONValue? {
        switch self {
        case .text(let text): text.isEmpty ? .string("") : nil
        case .parts(let parts): parts.isEmpty ? .array([]) : nil
        }
    }
}

/// A client's request for a turn, validated.
struct TurnRequest: Sendable {
    let agent: ID<AgentState>
    /// Nil for the agent's own conversation.
    var conversation: ID<Conversation>?
    /// The id or the key of the identity that speaks.
    let identity: String?
    var given: [CreateMessage]
    /// The answers to calls that wait, in their order.
    var answers: [ApprovalDecision]
    let clientTools: [ClientTool]
    var settings = TurnSettings()
    let maximumSteps: Int
    /// See `ModelRequest.topLogprobs`; nil for the agent's own.
    let topLogprobs: Int?
    let streamsTokens: Bool
    let overrideSystem: String?
    /// The handle of this turn's model; nil for the agent's own.
    var overrideModel: String?
    let skills: [ClientSkill]
    /// The tool whose calls the client wants to see as what the agent said; nil when it wants to see calls.
    let speech: SpeechTool?
    let includesCompactionMessages: Bool
    let callbackURL: String?
    let following: Following
    let requestConfig: ObjectDocument
    /// What a repeat of this send is recognized by.
    var keys = SendKeys()
    /// The newest run that the keys stood for when this send was looked for; it does not make this send needless.
    var earlierRun: ID<Run>?
    /// A failed run for the same messages, which are stored already.
    var failedRun: ID<Run>?
    /// What the provider has answered to the first request of the turn ahead of it.
    var answer: GivenAnswer?
    /// The `run_type` of a turn that no client asked for.
    var runType: String?
    /// What else the metadata of such a run says.
    var runFields: JSONObject = [:]

    /// How the client follows the turn.
    enum Following: Sendable {
        /// It waits for the JSON answer.
        case answer
        case stream
        /// It may leave the stream and resume it later.
        case backgroundStream
        /// It polls the run.
        case later
    }

    /// - Throws: `APIError` 422 for an invalid body.
    init(_ body: SendMessages, to agent: ID<AgentState>, following: Following = .answer) throws {
        self.agent = agent
        switch (body.messages, body.input) {
        case (.some, .some), (nil, nil):
            throw APIError.invalidField(
                "messages", "Exactly one of 'messages' and 'input' must be given", input: .null)
        case (let messages?, nil):
            guard !messages.isEmpty else {
                throw APIError.invalidField("messages", "Messages must not be empty", input: .array([]))
            }
            given = messages.said
            answers = try messages.decisions()
        case (nil, let input?):
            if let empty = input.emptyJSON {
                throw APIError.invalidField("input", "Input must not be empty", input: empty)
            }
            var message = CreateMessage(role: .user, content: "")
            message.content = input
            given = [message]
            answers = []
        }
        identity = try body.speaker()
        for (index, message) in given.enumerated() {
            guard case .parts(let parts) = message.content else { continue }
            for part in parts where TurnMessage.Part(json: part)?.canBeGiven != true {
                throw APIError.invalidField(
                    "messages", "message \(index) has a part that is neither text nor image", input: part)
            }
        }
        let isStreaming = body.streaming ?? false
        streamsTokens = body.streamTokens ?? false
        if streamsTokens, !isStreaming {
            throw APIError.invalidField(
                "stream_tokens", "stream_tokens can only be used with streaming", input: .bool(true))
        }
        if body.background == true, !isStreaming, following == .answer {
            throw APIError.invalidField("background", "background can only be used with streaming", input: .bool(true))
        }
        self.following = following == .stream && body.background == true ? .backgroundStream : following
        callbackURL = following == .later ? try RunCallbackService.checked(body.callbackURL) : nil
        skills = body.clientSkills ?? []
        includesCompactionMessages = body.includeCompactionMessages ?? false
        clientTools = try ClientTool.checked(body.clientTools ?? [])
        maximumSteps = body.maxSteps ?? 50
        topLogprobs = try body.logprobs()
        speech = SpeechTool(
            isShown: body.useAssistantMessage, name: body.assistantMessageToolName,
            argument: body.assistantMessageToolKwarg)
        overrideSystem = body.overrideSystem
        overrideModel = body.overrideModel
        let types = body.includeReturnMessageTypes?.map { JSONValue.string($0.rawValue) }
        requestConfig = ObjectDocument([
            "use_assistant_message": .bool(body.useAssistantMessage ?? true),
            "assistant_message_tool_name": .string(body.assistantMessageToolName ?? "send_message"),
            "assistant_message_tool_kwarg": .string(body.assistantMessageToolKwarg ?? "message"),
            "include_return_message_types": types.map { .array($0) } ?? .null,
        ])
    }

    /// The run of this turn before it starts.
    func run(id: ID<Run>, at time: Timestamp) -> Run {
        var run = Run(id: id, agentID: agent, status: .created, createdAt: time)
        run.background = following == .backgroundStream || following == .later
        run.metadata =
            switch following {
            case .answer: ObjectDocument(["run_type": "send_message"])
            case .stream, .backgroundStream: ObjectDocument(["run_type": "send_message_streaming"])
            case .later: ObjectDocument(["run_type": "send_message_async", "lettuce": nil])
            }
        if let conversation {
            run.conversationID = conversation
            run.metadata = ObjectDocument(["run_type": "send_conversation_message"])
        }
        if let runType {
            run.background = false
            var fields: JSONObject = ["run_type": .string(runType), "agent_id": .string(agent.rawValue)]
            for (key, value) in runFields { fields[key] = value }
            run.metadata = ObjectDocument(fields)
        }
        if let identity {
            var fields = (try? run.metadata?.json.value())?.object ?? [:]
            fields[Run.speakerField] = .string(identity)
            run.metadata = ObjectDocument(fields)
        }
        run.requestConfig = requestConfig
        run.callbackURL = callbackURL
        return run
    }

    /// The messages to store. A message without an otid gets a random one.
    func messages(runID: ID<Run>, at time: Timestamp, ids: IDSource) -> [TurnMessage] {
        given.map { message in
            let parts: [TurnMessage.Part] =
                switch message.content {
                case .text(let text): [.text(text)]
                case .parts(let parts): parts.compactMap(TurnMessage.Part.init(json:))
                }
            return TurnMessage(
                id: ids.next(Message.self).rawValue, role: TurnMessage.Role(rawValue: message.role.rawValue) ?? .user,
                parts: parts, name: message.name, otid: message.otid ?? ids.uuid(), senderID: message.senderID,
                runID: runID.rawValue, createdAt: time.microseconds)
        }
    }
}

extension ClientSkill {
    var skill: Skill { Skill(name: name, description: description, location: location) }
}
