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
    /// The turn has ended: store its end unless the last step's record held it, then show `TurnEnd.events`.
    case finish(TurnEnd)
}

/// A model call to make; the caller has the history.
package struct ModelCall: Sendable, Equatable {
    /// The names of the tools to offer, in their order.
    package var tools: [String]
    package var toolChoice: ModelToolChoice
    package var parallelToolCalls: Bool
    package var form = Form.usual

    /// The required form of the answer.
    package enum Form: Sendable, Hashable {
        /// Text or calls, within the tool choice.
        case usual
        /// One call, as JSON in a schema that the provider enforces.
        case call
    }
}

/// One call to run.
package struct ToolRun: Sendable, Hashable {
    package var callID: String
    package var tool: String
    package var arguments: JSONObject
}

/// The results of a step.
package struct StepRecord: Sendable, Equatable {
    package var identity: StepIdentity
    /// The assistant message, the results of its calls, a notice to continue: those that exist.
    package var messages: [TurnMessage]
    /// True when the first message is already stored.
    package var callsAreStored: Bool
    package var usage: ModelUsage?
    package var finishReason: ModelFinishReason?
    /// How the turn ends with this step; nil when it goes on.
    package var end: TurnEnd?
    /// True when no model was called, because the calls are those that a turn before stopped at.
    package var isResumed = false
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
