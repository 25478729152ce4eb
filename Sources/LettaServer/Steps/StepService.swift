import LettaAPI
import Storage

/// What may be done with steps.
struct StepService: Sendable {
    let storage: any StorageEngine
    let now: @Sendable () -> Timestamp

    func list(_ query: ListSteps, as scope: Scope) async throws -> [Step] {
        let request = try PageRequest(
            after: query.after, before: query.before, limit: query.limit, order: query.order, defaultLimit: 50,
            defaultOrder: .descending)
        return try await storage.read { db in try StepStore.page(request, matching: query, in: scope, db) }
    }

    func retrieve(_ id: ID<Step>, as scope: Scope) async throws -> Step {
        try await storage.read { db in try Self.row(id, in: scope, db).step }
    }

    func metrics(of id: ID<Step>, as scope: Scope) async throws -> StepMetrics {
        try await storage.read { db in try Self.row(id, in: scope, db).metrics }
    }

    func trace(of id: ID<Step>, as scope: Scope) async throws -> ProviderTrace? {
        try await storage.read { db in
            let step = try Self.row(id, in: scope, db).step
            guard var trace = try StepStore.trace(of: id, in: scope, db) else { return nil }
            trace.agentID = step.agentID
            trace.runID = step.runID
            trace.organizationID = scope.organization
            trace.userID = scope.user
            trace.model = Self.config(of: step)
            return trace
        }
    }

    func setFeedback(_ feedback: StepFeedback, of id: ID<Step>, as scope: Scope) async throws -> Step {
        let time = now()
        return try await storage.write { db in
            var step = try Self.row(id, in: scope, db).step
            step.feedback = feedback.feedback.isKept ? step.feedback : feedback.feedback.value?.rawValue
            step.tags = feedback.tags ?? step.tags
            try StepStore.setFeedback(step.feedback, tags: step.tags, of: id, at: time, in: scope, db)
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

    private static func row(_ id: ID<Step>, in scope: Scope, _ db: any SQLExecutor) throws -> StepRow {
        guard let row = try StepStore.row(id, in: scope, db) else { throw APIError.notFound("Step", id) }
        return row
    }
}
