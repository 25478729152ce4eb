import HTTPKit
import LettaAPI

/// Jobs are files being read and batches, neither of which this server has yet: there are none.
struct JobRoutes: RouteGroup {
    func register(on routes: Routes) {
        routes.handle(API.Jobs.list) { _ in [] }
        routes.handle(API.Jobs.active) { _ in [] }
        routes.handle(API.Jobs.retrieve) { call -> Job in throw APIError.notFound("Job", call.path) }
        routes.handle(API.Jobs.cancel) { call -> Job in throw APIError.notFound("Job", call.path) }
        routes.handle(API.Jobs.delete) { call -> Job in throw APIError.notFound("Job", call.path) }
    }
}
