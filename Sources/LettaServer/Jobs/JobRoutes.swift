import HTTPKit
import LettaAPI

struct JobRoutes: RouteGroup {
    let jobs: JobService

    func register(on routes: Routes) {
        routes.handle(API.Jobs.list) { try await jobs.list($0.query, as: $0.scope) }
        routes.handle(API.Jobs.active) { try await jobs.active($0.query, as: $0.scope) }
        routes.handle(API.Jobs.retrieve) { try await jobs.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Jobs.cancel) { try await jobs.cancel($0.path, as: $0.scope) }
        routes.handle(API.Jobs.delete) { try await jobs.delete($0.path, as: $0.scope) }
    }
}
