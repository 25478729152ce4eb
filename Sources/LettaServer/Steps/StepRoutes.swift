import HTTPKit
import LettaAPI

struct StepRoutes: RouteGroup {
    let steps: StepService
    let messages: MessageService

    func register(on routes: Routes) {
        routes.handle(API.Steps.list, list)
        routes.handle(API.Steps.retrieve, retrieve)
        routes.handle(API.Steps.metrics, metrics)
        routes.handle(API.Steps.trace, trace)
        routes.handle(API.Steps.messages, listMessages)
        routes.handle(API.Steps.setFeedback, setFeedback)
    }

    func list(_ call: Call<NoPath, ListSteps, NoBody>) async throws -> [Step] {
        try await steps.list(call.query, as: call.caller.scope)
    }

    func retrieve(_ call: Call<ID<Step>, NoQuery, NoBody>) async throws -> Step {
        try await steps.retrieve(call.path, as: call.caller.scope)
    }

    func metrics(_ call: Call<ID<Step>, NoQuery, NoBody>) async throws -> StepMetrics {
        try await steps.metrics(of: call.path, as: call.caller.scope)
    }

    func trace(_ call: Call<ID<Step>, NoQuery, NoBody>) async throws -> ProviderTrace? {
        try await steps.trace(of: call.path, as: call.caller.scope)
    }

    func listMessages(_ call: Call<ID<Step>, ListRelated, NoBody>) async throws -> [LettaMessage] {
        try await messages.list(ofStep: call.path, call.query, as: call.caller.scope)
    }

    func setFeedback(_ call: Call<ID<Step>, NoQuery, StepFeedback>) async throws -> Step {
        try await steps.setFeedback(call.body, of: call.path, as: call.caller.scope)
    }
}
