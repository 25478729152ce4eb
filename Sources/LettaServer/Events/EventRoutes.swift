import HTTPKit
import Hummingbird
import LettaAPI

struct EventRoutes: RouteGroup {
    let events: EventService

    func register(on routes: Routes) {
        routes.handleResponse(API.Events.follow) { call, request in
            // It has no end: whoever reads all routes must not wait for it.
            guard request.headers[.accept]?.contains("text/event-stream") == true else {
                throw APIError(406, "This stream has no end. Ask for it with the header Accept: text/event-stream")
            }
            return .eventStream(try await events.follow(as: call.scope), to: call.client)
        }
    }
}
