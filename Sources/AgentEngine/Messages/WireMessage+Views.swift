import JSON

extension WireMessage {
    /// Who reads a stored message.
    package enum View: Sendable, Hashable {
        /// The response to a request, and its stream: text beside a tool call is left out.
        case answer
        /// Lists of messages: everything.
        case list
    }

    /// The entries that clients see of a stored message: its reasoning, then its text, then its calls.
    ///
    /// - Parameter speech: the tool whose calls in the heartbeat loop are shown as what the agent said, without their
    ///   results; nil for showing all calls as calls.
    package static func entries(
        of message: TurnMessage, for view: View, speech: SpeechTool? = .standard
    ) -> [WireMessage] {
        switch message.role {
        case .system:
            return [entry(of: message, otid: message.otid, .system(message.text ?? ""))]
        case .user:
            return [entry(of: message, otid: message.otid, .user(content(of: message)))]
        case .assistant:
            return assistantEntries(of: message, for: view, speech: speech)
        case .tool where !message.approvals.isEmpty:
            return view == .list ? [entry(of: message, otid: nil, .approvalResponse(message.approvals))] : []
        case .tool:
            let isSpeech = speech != nil && message.name == speech?.name
            let returns = message.toolReturns.filter { !(isSpeech && $0.loop == .heartbeat && $0.succeeded) }
                .map(ToolReturn.init)
            guard !returns.isEmpty else { return [] }
            return [entry(of: message, otid: otid(messageID: message.id, index: 0), .toolReturns(returns))]
        }
    }

    private static func assistantEntries(
        of message: TurnMessage, for view: View, speech: SpeechTool?
    ) -> [WireMessage] {
        let calls = message.toolCalls
        var bodies: [Body] = []
        if let reasoning = message.reasoning, !reasoning.text.isEmpty {
            bodies.append(.reasoning(reasoning.text, signature: reasoning.shownSignature))
        }
        if let text = message.text, calls.isEmpty || view == .list { bodies.append(.assistant(text)) }
        if let thought = message.thought, !thought.isEmpty { bodies.append(.thought(thought)) }
        // Calls without approval wait with the others, but are shown as ordinary calls.
        let free = calls.filter { !$0.needsApproval }
        let said = free.compactMap { speech?.text(of: $0) }
        bodies += said.map { .speech($0) }
        if said.isEmpty, !free.isEmpty { bodies.append(.toolCalls(free.map(ToolCall.init))) }
        var entries = bodies.enumerated().map { index, body in
            entry(of: message, otid: otid(messageID: message.id, index: index), body)
        }
        if let hidden = hiddenReasoning(of: message) {
            // Known at the end of an answer, it has the last of the otids, so that those of streamed parts are right.
            let place = entries.firstIndex { $0.messageType != "reasoning_message" } ?? entries.count
            entries.insert(
                entry(of: message, otid: otid(messageID: message.id, index: bodies.count), hidden), at: place)
        }
        let waiting = calls.filter(\.needsApproval).map(ToolCall.init)
        if !waiting.isEmpty { entries.append(entry(of: message, otid: message.id, .approvalRequest(waiting))) }
        return entries
    }

    /// Nil where there was no reasoning, or where all of it is shown.
    private static func hiddenReasoning(of message: TurnMessage) -> Body? {
        guard let reasoning = message.reasoning else { return nil }
        if let redacted = reasoning.redacted { return .hiddenReasoning(redacted: redacted) }
        return reasoning.isOmitted && reasoning.text.isEmpty ? .hiddenReasoning(redacted: nil) : nil
    }

    private static func entry(of message: TurnMessage, otid: String?, _ body: Body) -> WireMessage {
        WireMessage(
            id: message.id, createdAt: message.createdAt, name: message.name, otid: otid, senderID: message.senderID,
            stepID: message.stepID, runID: message.runID, isError: message.problem != nil, body: body)
    }

    /// A single text is shown as text, everything else as the list of parts.
    private static func content(of message: TurnMessage) -> JSONValue {
        if message.parts.count == 1, case .text(let text) = message.parts[0] { return .string(text) }
        return .array(message.parts.map(\.json))
    }
}

extension WireMessage.ToolCall {
    init(_ call: TurnMessage.ToolCall) {
        self.init(name: call.name, arguments: call.arguments, id: call.id)
    }
}

extension WireMessage.ToolReturn {
    fileprivate init(_ result: TurnMessage.ToolReturn) {
        self.init(
            text: PythonText.text(of: result.shown), succeeded: result.succeeded, callID: result.callID,
            stdout: result.stdout, stderr: result.stderr)
    }
}
