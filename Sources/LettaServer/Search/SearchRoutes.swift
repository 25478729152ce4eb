import HTTPKit
import LettaAPI

struct SearchRoutes: RouteGroup {
    let searches: ExplainedSearchService

    func register(on routes: Routes) {
        routes.handle(API.Search.explain) { try await searches.explain($0.body, as: $0.scope) }
    }
}
