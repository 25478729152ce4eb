import AgentEngine
import JSON
import LettaAPI

/// What `compaction_settings.model_settings` changes for the requests that ask for summaries. Clients may store any object
/// there; what is no setting of a model changes nothing.
struct SummaryModelSettings: Sendable {
    private var maxOutputTokens: Int?
    private var temperature: Double?
    private(set) var reasoningEffort: String?

    init(_ settings: CompactionSettings) {
        // A client's object is stored as it came.
        guard let fields = try? settings.modelSettings?.json.value() else { return }
        maxOutputTokens = fields["max_output_tokens"]?.int.flatMap { Int(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil }
        temperature = fields["temperature"]?.double.flatMap { (0...2).contains($0) ? $0 : nil }
        reasoningEffort = fields["reasoning"]?["reasoning_effort"]?.string
    }

    func apply(to config: inout LLMConfig) {
        if let maxOutputTokens { config.maxTokens = maxOutputTokens }
        if let temperature { config.temperature = temperature }
    }

    func apply(to model: inout TurnContext.Model) {
        if let maxOutputTokens { model.maxOutputTokens = maxOutputTokens }
        if let temperature { model.temperature = temperature }
        if let reasoningEffort { model.reasoningEffort = reasoningEffort }
    }
}
