import HTTPKit
import LettaAPI

struct MessageRoutes: RouteGroup {
    let messages: MessageService

    func register(on routes: Routes) {
        routes.handleChronological(API.Messages.list) {
            try await messages.list(of: $0.path, $0.query, as: $0.scope)
        }
        routes.handle(API.Messages.reset) {
            try await messages.reset($0.path, $0.body ?? ResetMessages(), as: $0.scope)
        }
        routes.handleChronological(API.Messages.listAll) { try await messages.listAll($0.query, as: $0.scope) }
        routes.handle(API.Messages.retrieve) { try await messages.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Messages.search) { try await messages.search($0.body, as: $0.scope) }
        routes.handle(API.Messages.searchRanked) { try await messages.searchRanked($0.body, as: $0.scope) }
        routes.handleRaw(
            .patch, "/v1/agents/{agent_id}/messages/{message_id}", "Responds that messages can't be edited."
        ) { _, _ in
            throw Self.noEditing
        }
    }

    /// Clients compare this text.
    static let noEditing = APIError(
        405,
        """
        Message editing is no longer supported. Messages are immutable as they may be shared across multiple \
        conversations via forking.
        """)
}
