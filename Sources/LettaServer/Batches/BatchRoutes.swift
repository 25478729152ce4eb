import HTTPKit
import LettaAPI

struct BatchRoutes: RouteGroup {
    let batches: BatchService

    func register(on routes: Routes) {
        routes.handle(API.Batches.list) { try await batches.list($0.query, as: $0.scope) }
        routes.handle(API.Batches.create) { try await batches.create($0.body, as: $0.scope) }
        routes.handle(API.Batches.retrieve) { try await batches.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Batches.messages) { call in
            let page = try await batches.messages(of: call.path, call.query, as: call.scope)
            return Reply(
                BatchMessages(page.items),
                headers: PageLink.headers(
                    target: call.target, next: page.next, as: page.isBackwards ? "before" : "after"))
        }
        routes.handle(API.Batches.cancel) { try await batches.cancel($0.path, as: $0.scope) }
        // Searches read the tables and their indexes, which the database keeps in memory by itself.
        routes.handle(API.InternalSearch.warmCache) { call in
            SearchCacheState(call.body.collection, status: "no cache to warm", warmed: false)
        }
    }
}
