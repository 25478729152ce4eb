import HTTPKit
import LettaAPI

struct SearchRoutes: RouteGroup {
    let searches: ExplainedSearchService
    let finder: FinderService

    func register(on routes: Routes) {
        routes.handle(API.Search.find) {
            try await finder.find($0.query.query, mayAdminister: $0.caller.mayAdminister, as: $0.scope)
        }
        routes.handle(API.Search.explain) { try await searches.explain($0.body, as: $0.scope) }
    }
}
