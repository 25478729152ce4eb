import HTTPKit
import Hummingbird
import JSON
import LettaAPI

struct RunRoutes: RouteGroup {
    let runs: RunService
    let messages: MessageService
    let following: RunFollowService

    func register(on routes: Routes) {
        routes.handle(API.Runs.list, list)
        routes.handle(API.Runs.active, active)
        routes.handle(API.Runs.retrieve, retrieve)
        routes.handle(API.Runs.delete, delete)
        routes.handle(API.Runs.messages, listMessages)
        routes.handle(API.Runs.steps, steps)
        routes.handle(API.Runs.usage, usage)
        routes.handle(API.Runs.metrics, metrics)
        routes.handle(API.Runs.trace, trace)
        routes.handleResponse(API.Runs.stream, stream)
    }

    func list(_ call: Call<NoPath, ListRuns, NoBody>) async throws -> [Run] {
        try await runs.list(call.query, as: call.caller.scope)
    }

    func active(_ call: Call<NoPath, ListActiveRuns, NoBody>) async throws -> [Run] {
        try await runs.active(call.query, as: call.caller.scope)
    }

    func retrieve(_ call: Call<ID<Run>, NoQuery, NoBody>) async throws -> Run {
        try await runs.retrieve(call.path, as: call.caller.scope)
    }

    func delete(_ call: Call<ID<Run>, NoQuery, NoBody>) async throws -> Run {
        try await runs.delete(call.path, as: call.caller.scope)
    }

    func listMessages(_ call: Call<ID<Run>, ListRelated, NoBody>) async throws -> [LettaMessage] {
        try await messages.list(ofRun: call.path, call.query, as: call.caller.scope)
    }

    func steps(_ call: Call<ID<Run>, ListRelated, NoBody>) async throws -> [Step] {
        try await runs.steps(of: call.path, call.query, as: call.caller.scope)
    }

    func usage(_ call: Call<ID<Run>, NoQuery, NoBody>) async throws -> RunUsage {
        try await runs.usage(of: call.path, as: call.caller.scope)
    }

    func metrics(_ call: Call<ID<Run>, NoQuery, NoBody>) async throws -> RunMetrics {
        try await runs.metrics(of: call.path, as: call.caller.scope)
    }

    func trace(_ call: Call<ID<Run>, NoQuery, NoBody>) async throws -> RawJSON {
        throw try await runs.noTrace(of: call.path, as: call.caller.scope)
    }

    func stream(_ call: Call<ID<Run>, NoQuery, FollowRun?>, _: Request) async throws -> Response {
        let frames = try await following.follow(call.path, call.body ?? FollowRun(), as: call.caller.scope)
        return .eventStream(frames, to: call.client)
    }
}
