import HTTPKit
import LettaAPI

struct PassageRoutes: RouteGroup {
    let passages: PassageService

    func register(on routes: Routes) {
        routes.handle(API.Passages.search, search)
    }

    func search(_ call: Call<NoPath, NoQuery, SearchPassages>) async throws -> [FoundPassage] {
        try await passages.search(call.body, as: call.caller.scope)
    }
}
