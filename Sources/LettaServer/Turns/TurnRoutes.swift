import AgentEngine
import HTTPKit
import HTTPTypes
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
        routes.handleResponse(API.Messages.sendLater, sendLater)
        routes.handle(API.Messages.cancel) { try await turns.cancel($0.path, $0.body, as: $0.scope) }
        routes.handle(API.Messages.preview) { try await previews.payload($0.body, to: $0.path, as: $0.scope) }
        routes.handle(API.Messages.generate) { try await previews.generate($0.body, with: $0.path, as: $0.scope) }
    }

    func send(_ call: Call<ID<AgentState>, NoQuery, SendMessages>, _ request: Request) async throws -> Response {
        guard call.body.streaming == true else {
            return .json(
                try await turns.send(call.body, to: .agent(call.path), SendAttempt(request.headers), as: call.scope))
        }
        guard call.caller.generation == .v1 else {
            throw APIError(
                422,
                "streaming=true is only supported for SDK v1.0+ clients. Use POST /v1/agents/\(call.path)/messages/stream."
            )
        }
        return try await events(call, request)
    }

    func stream(_ call: Call<ID<AgentState>, NoQuery, SendMessages>, _ request: Request) async throws -> Response {
        try await events(call, request)
    }

    func sendLater(_ call: Call<ID<AgentState>, NoQuery, SendMessages>, _ request: Request) async throws -> Response {
        .json(
            try await turns.sendLater(call.body, to: .agent(call.path), SendAttempt(request.headers), as: call.scope))
    }

    private func events(
        _ call: Call<ID<AgentState>, NoQuery, SendMessages>, _ request: Request
    ) async throws -> Response {
        let frames = try await turns.stream(
            call.body, to: .agent(call.path), SendAttempt(request.headers), as: call.scope)
        return .eventStream(frames, to: call.client)
    }
}

extension SendAttempt {
    init(_ headers: HTTPFields) {
        self.init(key: headers[.idempotencyKey], retryCount: headers[.stainlessRetryCount].flatMap { Int($0) })
    }
}
