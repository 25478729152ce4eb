import HTTPKit
import LettaAPI

struct CompactionRoutes: RouteGroup {
    let compaction: CompactionService

    func register(on routes: Routes) {
        routes.handle(API.Compaction.agent) {
            try await compaction.compact(.agent($0.path), $0.body?.compactionSettings, as: $0.scope)
        }
        routes.handle(API.Compaction.remove) {
            try await compaction.remove($0.path.inner, of: $0.path.outer, in: $0.query.conversationID, as: $0.scope)
        }
        routes.handle(API.Compaction.putBack) {
            try await compaction.putBack($0.path.inner, of: $0.path.outer, in: $0.query.conversationID, as: $0.scope)
        }
        routes.handle(API.Compaction.conversation) {
            try await compaction.compact(
                try ConversationThread($0.path, $0.body?.agentID), $0.body?.compactionSettings, as: $0.scope)
        }
    }
}
