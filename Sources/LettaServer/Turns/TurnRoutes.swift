import AgentEngine
import HTTPKit
import Hummingbird
import JSON
import LettaAPI
import Logging

struct TurnRoutes: RouteGroup {
    let turns: TurnService

    func register(on routes: Routes) {
        routes.handleResponse(API.Messages.send, send)
        routes.handleResponse(API.Messages.stream, stream)
        routes.handle(API.Messages.cancel, cancel)
    }

    func send(
        _ call: Call<ID<AgentState>, NoQuery, SendMessages>, _ request: Request
    ) async throws -> Response {
        guard call.body.streaming == true else {
            return .json(try await turns.send(call.body, to: call.path, as: call.caller.scope))
        }
        guard call.caller.generation == .v1 else {
            throw APIError(422, "streaming=true is only supported for SDK v1.0+ clients.")
        }
        return try await events(call, request)
    }

    func stream(
        _ call: Call<ID<AgentState>, NoQuery, SendMessages>, _ request: Request
    ) async throws -> Response {
        try await events(call, request)
    }

    func cancel(_ call: Call<ID<AgentState>, NoQuery, CancelRuns?>) async throws -> [String: String] {
        try await turns.cancel(call.path, call.body, as: call.caller.scope)
    }

    private func events(
        _ call: Call<ID<AgentState>, NoQuery, SendMessages>, _ request: Request
    ) async throws -> Response {
        var body = call.body
        body.streaming = true
        let control = try await turns.start(try TurnRequest(body, to: call.path), as: call.caller.scope)
        let frames = TurnFrames(
            control: control, withPings: body.includePings ?? true, only: body.includeReturnMessageTypes,
            now: turns.now, ids: turns.ids)
        return .eventStream(frames, for: request, logger: call.logger)
    }
}
