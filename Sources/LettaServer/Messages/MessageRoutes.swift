import HTTPKit
import LettaAPI

struct MessageRoutes: RouteGroup {
    let messages: MessageService

    func register(on routes: Routes) {
        routes.handle(API.Messages.list, list)
        routes.handle(API.Messages.reset, reset)
        routes.handle(API.Messages.listAll, listAll)
        routes.handle(API.Messages.retrieve, retrieve)
        routes.handle(API.Messages.search, search)
        routes.handle(API.Messages.searchRanked, searchRanked)
        routes.handleRaw(
            .patch, "/v1/agents/{agent_id}/messages/{message_id}", "Says that messages are never edited."
        ) { _, _ in
            throw APIError(405, Self.noEditing)
        }
    }

    /// Clients know this text.
    private static let noEditing = """
        Message editing is no longer supported. Messages are immutable as they may be shared across multiple \
        conversations via forking.
        """

    func list(_ call: Call<ID<AgentState>, ListMessages, NoBody>) async throws -> [LettaMessage] {
        try await messages.list(of: call.path, call.query, as: call.caller.scope)
    }

    func reset(_ call: Call<ID<AgentState>, NoQuery, ResetMessages?>) async throws -> AgentState {
        try await messages.reset(call.path, call.body ?? ResetMessages(), as: call.caller.scope)
    }

    func listAll(_ call: Call<NoPath, ListMessages, NoBody>) async throws -> [LettaMessage] {
        try await messages.listAll(call.query, as: call.caller.scope)
    }

    func retrieve(_ call: Call<ID<Message>, NoQuery, NoBody>) async throws -> [LettaMessage] {
        try await messages.retrieve(call.path, as: call.caller.scope)
    }

    func search(_ call: Call<NoPath, NoQuery, SearchMessages>) async throws -> [FoundMessage] {
        try await messages.search(call.body, as: call.caller.scope)
    }

    func searchRanked(_ call: Call<NoPath, NoQuery, SearchMessages>) async throws -> [RankedMessage] {
        try await messages.searchRanked(call.body, as: call.caller.scope)
    }
}
