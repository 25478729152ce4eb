import HTTPKit
import Hummingbird
import JSON
import LettaAPI

struct RunRoutes: RouteGroup {
    let runs: RunService
    let messages: MessageService
    let following: RunFollowService
    let turns: TurnService

    func register(on routes: Routes) {
        routes.handle(API.Runs.list) { try await runs.list($0.query, as: $0.scope) }
        routes.handle(API.Runs.active) { try await runs.active($0.query, as: $0.scope) }
        routes.handle(API.Runs.retrieve) { try await runs.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Runs.goOn) { try await turns.goOn(from: $0.path, as: $0.scope) }
        routes.handle(API.Runs.delete) { try await runs.delete($0.path, as: $0.scope) }
        routes.handle(API.Runs.messages) { try await messages.list(ofRun: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Runs.steps) { try await runs.steps(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Runs.usage) { try await runs.usage(of: $0.path, as: $0.scope) }
        routes.handle(API.Runs.metrics) { try await runs.metrics(of: $0.path, as: $0.scope) }
        routes.handle(API.Runs.trace) { try await runs.spans(of: $0.path, steps: $0.query.steps, as: $0.scope) }
        routes.handleResponse(API.Runs.stream, stream)
    }

    func stream(_ call: Call<ID<Run>, NoQuery, FollowRun?>, _: Request) async throws -> Response {
        let frames = try await following.follow(call.path, call.body ?? FollowRun(), as: call.scope)
        return .eventStream(frames, to: call.client)
    }
}
