import AgentEngine
import JSON
import LettaAPI

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

    static let interrupted = """
        The server stopped while this run was at work. Its steps until then are stored. Send the message again to go on.
        """
}

extension TurnFailure {
    /// The failure in words, with what to do.
    var reason: String { "\(detail) \(advice)" }

    private var advice: String {
        switch type {
        case "llm_authentication": "Check the API key of the model's provider."
        case "llm_insufficient_credits": "Add credits to the account of the model's provider, or choose another model."
        case "llm_rate_limit": "Wait a minute, then send the message again."
        case "llm_bad_request": "Check the model and its settings, then send the message again."
        case TurnFailure.systemPromptOverflowType, TurnFailure.quotaType: ""
        default: "Send the message again. If it fails again, check the model's provider."
        }
    }
}

extension TurnStop {
    /// Why a run that ended so has failed, where nothing says it better.
    var reason: String {
        switch self {
        case .maxTokensExceeded:
            "The model's answer reached its limit of output tokens. Raise max_tokens, or ask for less at once."
        default: "The server could not start or continue this run. Send the message again."
        }
    }
}
