import HTTPKit
import LettaAPI

struct StepRoutes: RouteGroup {
    let steps: StepService
    let messages: MessageService
    let conversations: ConversationService

    func register(on routes: Routes) {
        routes.handle(API.Steps.list) { try await steps.list($0.query, as: $0.scope) }
        routes.handle(API.Steps.retrieve) { try await steps.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Steps.metrics) { try await steps.metrics(of: $0.path, as: $0.scope) }
        routes.handle(API.Steps.trace) { try await steps.trace(of: $0.path, as: $0.scope) }
        routes.handle(API.Steps.context) { try await steps.context(of: $0.path, as: $0.scope) }
        routes.handle(API.Steps.fork) { try await conversations.fork(at: $0.path, as: $0.scope) }
        routes.handle(API.Steps.messages) { try await messages.list(ofStep: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Steps.setFeedback) { try await steps.setFeedback($0.body, of: $0.path, as: $0.scope) }
        routes.handle(API.Steps.setTransaction) {
            try await steps.setTransaction($0.path.name, of: $0.path.outer, as: $0.scope)
        }
    }
}
