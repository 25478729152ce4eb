package import JSON
package import ModelProviders

/// What the driver must do, in this order.
///
/// Indirect, so that the frame of a driver that awaits a model call does not reserve room for the largest case.
package indirect enum StepAction: Sendable, Equatable {
    case callModel(ModelCall)
    /// Store this message before its calls run, because they have effects outside; then send `callsStored`.
    case storeCalls(TurnMessage)
    /// Run the calls of the first list concurrently and those of the second one at a time. Send `toolFinished` for each.
    case runTools(concurrent: [ToolRun], inOrder: [ToolRun])
    /// Store the step in one transaction, then send `stepPersisted`.
    case persistStep(StepRecord)
    case emit(TurnEvent)
    /// The turn is over: store how, where the last step's record did not hold it, then show `TurnEnd.events`.
    case finish(TurnEnd)
}

/// What the model is asked to do; the history is the caller's.
package struct ModelCall: Sendable, Equatable {
    /// The names of the tools to offer, in their order.
    package var tools: [String]
    package var toolChoice: ModelToolChoice
    package var parallelToolCalls: Bool
    package var form = Form.usual

    /// What the answer has to be.
    package enum Form: Sendable, Hashable {
        /// Text or calls, as the model likes within the tool choice.
        case usual
        /// One call, written as JSON in a form that the provider forces.
        case call
        /// A note of what the user wants remembered, in such a form.
        case note
    }
}

/// One call to run.
package struct ToolRun: Sendable, Hashable {
    package var callID: String
    package var tool: String
    package var arguments: JSONObject
}

/// What a step leaves behind.
package struct StepRecord: Sendable, Equatable {
    package var identity: StepIdentity
    /// What the agent said, the results of its calls, a notice to go on: whichever there are.
    package var messages: [TurnMessage]
    /// True when the first message is already stored.
    package var callsAreStored: Bool
    package var usage: ModelUsage?
    package var finishReason: ModelFinishReason?
    /// How the turn ends with this step; nil when it goes on.
    package var end: TurnEnd?
}

/// How a turn ended.
package struct TurnEnd: Sendable, Hashable {
    package var stop: TurnStop
    package var usage: TurnUsage
    package var failure: TurnFailure?

    package init(stop: TurnStop, usage: TurnUsage, failure: TurnFailure? = nil) {
        self.stop = stop
        self.usage = usage
        self.failure = failure
    }

    /// The events that close the run's log.
    package func events(runID: String?) -> [TurnEvent] {
        let last = failure.map { TurnEvent.failure($0, runID: runID) } ?? .usage(usage)
        return [.stopReason(stop), last]
    }
}
