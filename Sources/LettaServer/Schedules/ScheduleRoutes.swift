import HTTPKit
import LettaAPI

struct ScheduleRoutes: RouteGroup {
    let schedules: ScheduleService

    func register(on routes: Routes) {
        routes.handle(API.Schedules.listAll) { try await schedules.list($0.query, as: $0.scope) }
        routes.handle(API.Schedules.list) { call in
            let page = try await schedules.list(of: call.path, call.query, as: call.scope)
            return Reply(
                ScheduleList(page),
                headers: PageLink.headers(
                    target: call.target, next: page.next, as: page.isBackwards ? "before" : "after"))
        }
        routes.handle(API.Schedules.create) { try await schedules.create($0.body, for: $0.path, as: $0.scope) }
        routes.handle(API.Schedules.retrieve) {
            try await schedules.retrieve($0.path.inner, of: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.Schedules.delete) { call in
            try await schedules.delete(call.path.inner, of: call.path.outer, as: call.scope)
            return SuccessOutput()
        }
    }
}
