package import JSON
package import ModelProviders

extension TurnContext {
    /// The agent's own request with a last user message that asks for a summary of the messages before `end`.
    ///
    /// - Parameter acknowledged: whether the model is shown to have agreed to it.
    package func summaryRequest(
        _ prompt: String, before end: Int, plan: TurnPlan, acknowledged: Bool = false
    ) -> ModelRequest {
        var context = self
        context.history = Array(history[..<end])
        let call = ModelCall(
            tools: plan.tools.map(\.name), toolChoice: .auto, parallelToolCalls: plan.acceptsParallelCalls)
        var request = context.request(call)
        // Roles alternate, which some services insist on.
        if case .user? = request.messages.last {
            request.messages.append(.assistant(text: "I understand. Let me summarize."))
        }
        request.messages.append(.user([.text(prompt)]))
        if acknowledged {
            request.messages.append(.assistant(text: PromptText.summaryAcknowledgement))
            request.messages.append(.user([.text("Now write the summary.")]))
        }
        return request
    }
}

extension WireMessage {
    /// An entry about the conversation, such as a compaction.
    package static func note(
        _ type: String, _ fields: JSONObject, id: String, otid: String? = nil, of message: TurnMessage
    ) -> WireMessage {
        WireMessage(
            id: id, createdAt: message.createdAt, otid: otid, stepID: message.stepID, runID: message.runID,
            body: .note(type: type, fields))
    }
}
