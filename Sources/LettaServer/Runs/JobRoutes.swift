import HTTPKit
import LettaAPI

/// Jobs process files and batches, which this server does not have yet: the lists are empty.
struct JobRoutes: RouteGroup {
    func register(on routes: Routes) {
        routes.handle(API.Jobs.list) { _ in [] }
        routes.handle(API.Jobs.active) { _ in [] }
        routes.handle(API.Jobs.retrieve) { call -> Job in throw APIError.notFound("Job", call.path) }
        routes.handle(API.Jobs.cancel) { call -> Job in throw APIError.notFound("Job", call.path) }
        routes.handle(API.Jobs.delete) { call -> Job in throw APIError.notFound("Job", call.path) }
    }
}
