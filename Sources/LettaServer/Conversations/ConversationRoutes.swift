import HTTPKit
import Hummingbird
import LettaAPI

struct ConversationRoutes: RouteGroup {
    let conversations: ConversationService
    let turns: TurnService

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
            try await conversations.fork(
                try ConversationThread($0.path, $0.query.agentID), hidden: $0.query.hidden == true,
                upTo: $0.query.messageID, as: $0.scope)
        }
        routes.handle(API.Conversations.cancel) {
            try await conversations.cancel(try ConversationThread($0.path, $0.query.agentID), as: $0.scope)
        }
        routes.handle(API.Conversations.messages, in: { $0.path.listOrder }) {
            try await conversations.messages(
                of: try ConversationThread($0.path, $0.query.agentID), $0.query, as: $0.scope)
        }
        routes.handleResponse(API.Conversations.send, send)
        routes.handleResponse(API.Conversations.follow, follow)
        routes.handle(API.Conversations.recompile) {
            try await conversations.recompile(
                try ConversationThread($0.path, $0.body?.agentID), dryRun: $0.query.dryRun == true, as: $0.scope)
        }
        routes.handle(API.Conversations.preview) {
            try await conversations.preview(
                $0.body.messages, to: try ConversationThread($0.path, $0.body.agentID), as: $0.scope)
        }
    }

    func send(
        _ call: Call<ConversationPath, NoQuery, SendToConversation>, _ request: Request
    ) async throws -> Response {
        let thread = try ConversationThread(call.path, call.body.agentID)
        let attempt = SendAttempt(request.headers)
        guard call.body.messages.streaming ?? true else {
            return .json(try await turns.send(call.body.messages, to: thread, attempt, as: call.scope))
        }
        return .eventStream(
            try await turns.stream(call.body.messages, to: thread, attempt, as: call.scope), to: call.client)
    }

    func follow(
        _ call: Call<ConversationPath, NoQuery, FollowConversation?>, _: Request
    ) async throws -> Response {
        let body = call.body ?? FollowConversation()
        let thread = try ConversationThread(call.path, body.agentID)
        return .eventStream(try await conversations.follow(thread, body, as: call.scope), to: call.client)
    }
}

extension ConversationPath {
    /// Of an agent's own thread the pages are chronological, as by the peer.
    fileprivate var listOrder: ListOrder {
        if case .conversation = self { .requested(zeroIsAll: false) } else { .chronological }
    }
}
