import HTTPKit
import LettaAPI

struct ConversationRoutes: RouteGroup {
    let conversations: ConversationService

    func register(on routes: Routes) {
        routes.handle(API.Conversations.list) { try await conversations.list($0.query, as: $0.scope) }
        routes.handle(API.Conversations.create) {
            try await conversations.create($0.body ?? CreateConversation(), with: $0.query.agentID, as: $0.scope)
        }
        routes.handle(API.Conversations.retrieve) { try await conversations.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Conversations.update) {
            try await conversations.update($0.path, applying: $0.body, as: $0.scope)
        }
        routes.handle(API.Conversations.delete) { try await conversations.delete($0.path, as: $0.scope) }
        routes.handle(API.Conversations.fork) {
            try await conversations.fork(try ConversationThread($0.path, $0.query.agentID), as: $0.scope)
        }
        routes.handle(API.Conversations.cancel) {
            try await conversations.cancel(try ConversationThread($0.path, $0.query.agentID), as: $0.scope)
        }
        routes.handle(API.Conversations.messages, in: { $0.path.listOrder }) {
            try await conversations.messages(
                of: try ConversationThread($0.path, $0.query.agentID), $0.query, as: $0.scope)
        }
        routes.handle(API.Conversations.recompile) {
            try await conversations.recompile(
                try ConversationThread($0.path, $0.body?.agentID), dryRun: $0.query.dryRun == true, as: $0.scope)
        }
        routes.handle(API.Conversations.preview) {
            try await conversations.preview(
                $0.body.messages, to: try ConversationThread($0.path, $0.body.agentID), as: $0.scope)
        }
    }
}

extension ConversationPath {
    /// Of an agent's own thread the pages are chronological, as by the peer.
    fileprivate var listOrder: ListOrder {
        if case .conversation = self { .inTime(zeroIsAll: false) } else { .chronological }
    }
}
