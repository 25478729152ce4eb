import LettaAPI
import Storage

/// Lists and reads steps with their metrics and traces, and stores feedback on them.
struct StepService: Sendable {
    let core: Core

    func list(_ query: ListSteps, as scope: Scope) async throws -> Page<Step> {
        try await core.storage.read(as: scope) { db in try StepStore.page(query, db) }
    }

    func retrieve(_ id: ID<Step>, as scope: Scope) async throws -> Step {
        try await core.storage.read(as: scope) { db in try Self.row(id, db).step }
    }

    func metrics(of id: ID<Step>, as scope: Scope) async throws -> StepMetrics {
        try await core.storage.read(as: scope) { db in
            var metrics = try Self.row(id, db).metrics
            let origin = try AgentStore.row(metrics.agentID, db)?.origin
            metrics.projectID = origin?.projectID
            metrics.templateID = origin?.templateID
            metrics.baseTemplateID = origin?.baseTemplateID
            return metrics
        }
    }

    func trace(of id: ID<Step>, as scope: Scope) async throws -> ProviderTrace? {
        try await core.storage.read(as: scope) { db in
            let step = try Self.row(id, db).step
            guard var trace = try StepStore.trace(of: id, db) else { return nil }
            trace.agentID = step.agentID
            trace.runID = step.runID
            trace.organizationID = scope.organization
            trace.userID = scope.user
            trace.model = Self.config(of: step)
            return trace
        }
    }

    func setFeedback(_ feedback: StepFeedback, of id: ID<Step>, as scope: Scope) async throws -> Step {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            var step = try Self.row(id, db).step
            step.feedback = feedback.feedback.isKept ? step.feedback : feedback.feedback.value?.rawValue
            step.tags = feedback.tags ?? step.tags
            try StepStore.setFeedback(step.feedback, tags: step.tags, of: id, at: time, db)
            return step
        }
    }

    func setTransaction(_ transaction: String, of id: ID<Step>, as scope: Scope) async throws -> Step {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            var step = try Self.row(id, db).step
            step.tid = transaction
            try StepStore.setTransaction(transaction, of: id, at: time, db)
            return step
        }
    }

    private static func config(of step: Step) -> LLMConfig? {
        guard let model = step.model, let window = step.contextWindowLimit else { return nil }
        var config = LLMConfig(model: model, modelEndpointType: "openai", contextWindow: window)
        config.handle = step.modelHandle
        config.modelEndpoint = step.modelEndpoint
        config.providerName = step.providerName
        config.providerCategory = step.providerCategory
        return config
    }

    private static func row(_ id: ID<Step>, _ db: Transaction) throws -> StepRow {
        guard let row = try db.fetch(StepStore.table, id) else { throw APIError.notFound("Step", id) }
        return row
    }
}
