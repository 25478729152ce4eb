import HTTPKit
import LettaAPI

struct MessageRoutes: RouteGroup {
    let messages: MessageService

    func register(on routes: Routes) {
        routes.handle(API.Messages.list) { call in
            Self.reply(try await messages.list(of: call.path, call.query, as: call.scope), to: call)
        }
        routes.handle(API.Messages.reset) {
            try await messages.reset($0.path, $0.body ?? ResetMessages(), as: $0.scope)
        }
        routes.handle(API.Messages.listAll) { call in
            Self.reply(try await messages.listAll(call.query, as: call.scope), to: call)
        }
        routes.handle(API.Messages.retrieve) { try await messages.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Messages.search) { try await messages.search($0.body, as: $0.scope) }
        routes.handle(API.Messages.searchRanked) { try await messages.searchRanked($0.body, as: $0.scope) }
        routes.handleRaw(
            .patch, "/v1/agents/{agent_id}/messages/{message_id}", "Responds that messages can't be edited."
        ) { _, _ in
            throw Self.noEditing
        }
    }

    private static func reply<Path>(
        _ page: Page<LettaMessage>, to call: Call<Path, ListMessages, NoBody>
    ) -> Reply<[LettaMessage]> {
        let parameter = call.query.order == .ascending ? "after" : "before"
        return Reply(page.items, headers: PageLink.headers(target: call.target, after: page.next, as: parameter))
    }

    /// Clients compare this text.
    static let noEditing = APIError(
        405,
        """
        Message editing is no longer supported. Messages are immutable as they may be shared across multiple \
        conversations via forking.
        """)
}
