import AgentEngine
import HTTPKit
import Hummingbird
import JSON
import LettaAPI
import Logging

struct TurnRoutes: RouteGroup {
    let turns: TurnService
    let previews: TurnPreviewService

    func register(on routes: Routes) {
        routes.handleResponse(API.Messages.send, send)
        routes.handleResponse(API.Messages.stream, stream)
        routes.handle(API.Messages.sendLater, sendLater)
        routes.handle(API.Messages.cancel) { try await turns.cancel($0.path, $0.body, as: $0.scope) }
        routes.handle(API.Messages.preview) { try await previews.payload($0.body, to: $0.path, as: $0.scope) }
        routes.handle(API.Messages.generate) { try await previews.generate($0.body, with: $0.path, as: $0.scope) }
    }

    func send(_ call: Call<ID<AgentState>, NoQuery, SendMessages>, _: Request) async throws -> Response {
        guard call.body.streaming == true else {
            return .json(try await turns.send(call.body, to: call.path, as: call.scope))
        }
        guard call.caller.generation == .v1 else {
            throw APIError(
                422,
                "streaming=true is only supported for SDK v1.0+ clients. Use POST /v1/agents/\(call.path)/messages/stream.")
        }
        return try await events(call)
    }

    func stream(_ call: Call<ID<AgentState>, NoQuery, SendMessages>, _: Request) async throws -> Response {
        try await events(call)
    }

    func sendLater(_ call: Call<ID<AgentState>, NoQuery, SendMessages>) async throws -> Run {
        let request = try TurnRequest(call.body, to: call.path, following: .later)
        return try await turns.accept(request, as: call.scope).run
    }

    private func events(_ call: Call<ID<AgentState>, NoQuery, SendMessages>) async throws -> Response {
        let frames = try await turns.stream(call.body, to: call.path, as: call.scope)
        return .eventStream(frames, to: call.client)
    }
}
