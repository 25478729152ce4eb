import HTTPKit
import LettaAPI

struct MessageRoutes: RouteGroup {
    let messages: MessageService

    func register(on routes: Routes) {
        routes.handle(API.Messages.list, list)
        routes.handle(API.Messages.reset, reset)
    }

    func list(_ call: Call<ID<AgentState>, ListMessages, NoBody>) async throws -> [LettaMessage] {
        try await messages.list(of: call.path, call.query, as: call.caller.scope)
    }

    func reset(_ call: Call<ID<AgentState>, NoQuery, ResetMessages?>) async throws -> AgentState {
        try await messages.reset(call.path, call.body ?? ResetMessages(), as: call.caller.scope)
    }
}
