import AgentEngine
import JSON
import LettaAPI
import ModelProviders

extension Run {
    /// Says in `metadata.error`, where clients of the peer look for it, why the run failed and what to do.
    mutating func explain(_ reason: String) {
        // What this server stored is an object.
        var fields = (try? metadata?.json.value())?.object ?? [:]
        guard fields["error"] == nil else { return }
        fields["error"] = .string(reason)
        metadata = ObjectDocument(fields)
    }

    /// When its work began, in nanoseconds since 1970: a background run may have waited before.
    var startedAt: Int {
        guard let completedAt, let totalDuration else { return createdAt.nanoseconds }
        return max(createdAt.nanoseconds, completedAt.nanoseconds - totalDuration)
    }

    /// Why the run failed; nil for one that has not.
    var failureReason: String? {
        guard status == .failed else { return nil }
        // What this server stored is an object.
        return (try? metadata?.json.value())?.object?["error"]?.string
    }

    /// The run with the cause and the remedy of its failure, each by itself.
    var withFailure: Run {
        guard let reason = failureReason else { return self }
        var run = self
        run.remedy = Self.remedies.first(where: reason.hasSuffix)
        run.error = String(reason.dropLast(run.remedy?.count ?? 0)).trimmed
        return run
    }

    /// What stored reasons end with, longer ones first.
    private static let remedies =
        (TurnFailure.advices + [TurnStop.shorterAnswer, TurnStop.repetition, "Send the message again to go on."])
        .sorted { $0.count > $1.count }

    static let interrupted = """
        The server stopped while this run was at work. Its steps until then are stored. Send the message again to go on.
        """
}

extension TurnFailure {
    /// The failure in words, with what to do.
    var reason: String { "\(detail.sentence) \(advice)".trimmed }

    private var advice: String {
        switch type {
        case TurnFailure.systemPromptOverflowType, TurnFailure.quotaType: ""
        default: Self.advice[type] ?? Self.usualAdvice
        }
    }

    private static let advice = [
        "llm_authentication": "Check the API key of the model's provider.",
        "llm_insufficient_credits": "Add credits to the account of the model's provider, or choose another model.",
        "llm_rate_limit": "Wait a minute, then send the message again.",
        "llm_bad_request": "Check the model and its settings, then send the message again.",
    ]
    private static let usualAdvice = "Send the message again. If it fails again, check the model's provider."

    fileprivate static let advices = [usualAdvice] + advice.values
}

extension TurnStop {
    /// Why a run that ended so has failed, where nothing says it better.
    var reason: String {
        switch self {
        case .maxTokensExceeded:
            "The model's answer reached its limit of output tokens. \(Self.shorterAnswer)"
        default: "The server could not start or continue this run. \(Self.repetition)"
        }
    }

    fileprivate static let shorterAnswer = "Raise max_tokens, or ask for less at once."
    fileprivate static let repetition = "Send the message again."
}
