import HTTPKit
import LettaAPI

/// Jobs are files being read and batches, neither of which this server has yet: there are none.
struct JobRoutes: RouteGroup {
    func register(on routes: Routes) {
        routes.handle(API.Jobs.list, list)
        routes.handle(API.Jobs.active, list)
        routes.handle(API.Jobs.retrieve, find)
        routes.handle(API.Jobs.cancel, find)
        routes.handle(API.Jobs.delete, find)
    }

    func list(_ call: Call<NoPath, NoQuery, NoBody>) async throws -> [Job] {
        []
    }

    func find(_ call: Call<ID<Job>, NoQuery, NoBody>) async throws -> Job {
        throw APIError.notFound("Job", call.path)
    }
}
