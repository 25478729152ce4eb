package import JSON
package import ModelProviders

/// The agent and the model of a turn, and the model requests made from them.
package struct TurnContext: Sendable {
    /// The model and its call settings.
    package struct Model: Sendable {
        /// The provider's name of the model.
        package var name: String
        /// In tokens.
        package var contextWindow: Int
        package var maxOutputTokens: Int?
        package var temperature: Double?
        package var reasoningEffort: String?
        package var reasoningBudget: Int?
        package var responseFormat: JSONValue?
        /// See ``ModelRequest/topLogprobs``.
        package var topLogprobs: Int?
        package var traits: ModelTraits

        package init(name: String, contextWindow: Int, traits: ModelTraits = ModelTraits()) {
            self.name = name
            self.contextWindow = contextWindow
            self.traits = traits
        }
    }

    package var model: Model
    /// The schemas of the agent's tools, by name.
    package var tools: [String: ModelTool] = [:]
    /// Whether the tools have an argument for the model's thoughts.
    package var thoughtsInArguments = false
    /// The user id sent to the provider for abuse monitoring; an id of ours.
    package var user: String?
    package var runID: String
    /// The agent's time zone.
    package var zone: String
    /// The agent's own system text; nil for a built-in one.
    package var ownSystem: String?
    /// Replaces the system message in this turn.
    package var overrideSystem: String?
    /// Skills of the client, appended to the system message in this turn.
    package var skills: String?
    package var blocks: [MemoryBlock] = []
    /// The messages in the context window, the system message first where there is one.
    package var history: [TurnMessage] = []
    /// The time in the time line of the system message, in microseconds since 1970 UTC.
    package var systemCompiledAt: Int64?
    /// False once the service has refused what it is sent back of the model's reasoning.
    package var returnsSignatures = true
    /// The longest text of one message in a request, in bytes. Half of the window, less when requests were too long.
    package var messageLimit: Int
    /// Nil for a model that takes the usual prompt and tools.
    package private(set) var smallModel: SmallModelPlan?

    package init(model: Model, runID: String, zone: String) {
        self.model = model
        self.runID = runID
        self.zone = zone
        // Of a window that is not known no message is too long.
        messageLimit = model.contextWindow > 0 ? max(1_000, min(model.contextWindow, 1 << 32) * 2) : 1 << 32
    }

    /// Replaces or inserts the system message.
    package mutating func setSystemMessage(_ message: TurnMessage) {
        if history.first?.role == .system {
            history[0] = message
        } else {
            history.insert(message, at: 0)
        }
    }

    /// The model request for `call`.
    package func request(_ call: ModelCall) -> ModelRequest {
        let tools = call.tools.compactMap { self.tools[$0] }
        var request = ModelRequest(
            model: model.name, messages: [], toolChoice: call.form == .usual ? call.toolChoice : .auto,
            parallelToolCalls: call.parallelToolCalls, temperature: model.temperature,
            maxOutputTokens: model.maxOutputTokens)
        request.reasoningEffort = model.reasoningEffort
        request.reasoningBudget = model.reasoningBudget
        request.contextWindow = model.contextWindow
        request.user = user
        request.messages = smallModel == nil ? allMessages() : compactMessages()
        if (model.traits.seesImages ?? ModelSight.sees(model.name)) == false {
            request.messages = request.messages.withoutImages
        }
        if call.form == .call {
            request.messages.addToSystem(ForcedCall.instruction(for: tools))
            request.responseFormat = ForcedCall.responseFormat(for: tools)
        } else {
            request.tools = tools
            request.responseFormat = model.responseFormat
        }
        request.topLogprobs = model.topLogprobs
        return request
    }

    /// Plans the turn of a small model; of others it plans nothing.
    ///
    /// - Parameter recalled: what was found outside of the blocks for what the user says.
    package mutating func planSmallModel(recalled: RecalledTexts = RecalledTexts()) {
        guard model.traits.isSmall else { return }
        smallModel = SmallModelPlan(
            userText: userText, blocks: blocks, earlier: history.filter { $0.runID != runID },
            tools: tools.keys.sorted(),
            recalled: recalled)
    }

    /// What the user says in this turn.
    package var userText: String {
        history.filter { $0.runID == runID && $0.role == .user }.compactMap(\.text).joined(separator: "\n")
    }

    private func allMessages() -> [ModelMessage] {
        var history = history
        if history.first?.role == .system {
            if let overrideSystem {
                history[0].parts = [.text(overrideSystem)]
            } else if let skills {
                history[0].parts = [.text("\(history[0].text ?? "")\n\n\(skills)")]
            }
        }
        let shown = ShownHistory(
            limit: messageLimit, zone: zone, systemTime: systemCompiledAt)
        return ModelMessage.messages(
            for: shown.messages(history).map(withVerifiableReasoning), zone: zone,
            returnLimit: min(messageLimit, ModelMessage.returnLimit(contextWindow: model.contextWindow)),
            thoughtsInArguments: thoughtsInArguments)
    }

    /// A service can't verify what another model signed.
    private func withVerifiableReasoning(_ message: TurnMessage) -> TurnMessage {
        guard !returnsSignatures || message.model.map({ $0 != model.name }) ?? false else { return message }
        var message = message
        message.dropSignature()
        return message
    }

    private func compactMessages() -> [ModelMessage] {
        let context = CompactContext(
            system: ownSystem, blocks: blocks, budget: model.contextWindow - (model.maxOutputTokens ?? 0),
            hint: smallModel?.hint)
        var messages = context.messages(for: history)
        if let overrideSystem {
            messages[0] = .system(overrideSystem)
        } else if let time = history.last?.createdAt {
            messages.addToSystem("Today is \(ZonedTime.weekdayAndDate(microseconds: time, zone: zone)).")
        }
        return messages
    }
}

extension [ModelMessage] {
    fileprivate mutating func addToSystem(_ text: String) {
        guard case .system(let prompt)? = first else { return insert(.system(text), at: 0) }
        self[0] = .system("\(prompt)\n\n\(text)")
    }
}
