import HTTPKit
import HTTPTypes
import Hummingbird
import JSON
import LettaAPI

/// The routes on which agents answer as models of OpenAI's API.
struct OpenAIFrontRoutes: RouteGroup {
    let front: OpenAIFrontService

    func register(on routes: Routes) {
        routes.handleResponse(API.OpenAI.chat) { call, _ in
            try await complete(call.body, with: front.agent(named: call.body.model, as: call.scope), call)
        }
        routes.handleResponse(API.OpenAI.voiceOfModel) { call, _ in
            try await complete(call.body, with: front.agent(named: call.body.model, as: call.scope), call)
        }
        routes.handleResponse(API.OpenAI.voice) { call, _ in
            let body = call.body.completion(of: call.path)
            return try await complete(body, with: front.agent(named: body.model, as: call.scope), call)
        }
        routes.handleResponse(API.OpenAI.respond, respond)
        routes.handle(API.OpenAI.response) { RawJSON(try await front.response($0.path.text, as: $0.scope)) }
        routes.handle(API.OpenAI.cancel) { RawJSON(try await front.cancel($0.path.text, as: $0.scope)) }
    }

    private func complete<Path, Body>(
        _ body: CreateChatCompletion, with agent: FrontAgent, _ call: Call<Path, NoQuery, Body>
    ) async throws -> Response {
        guard body.stream == true else {
            return .json(try await front.completion(body, of: agent, as: call.scope))
        }
        return .eventStream(try await front.completionStream(body, of: agent, as: call.scope), to: call.client)
    }

    private func respond(_ call: Call<NoPath, NoQuery, CreateResponse>, _: Request) async throws -> Response {
        let agent = try await front.agent(named: call.body.model, as: call.scope)
        guard call.body.stream == true else {
            return .json(try await front.response(call.body, of: agent, as: call.scope))
        }
        return .eventStream(try await front.responseStream(call.body, of: agent, as: call.scope), to: call.client)
    }
}

extension Request {
    /// Whether OpenAI's own client asks, in any of its languages: `OpenAI/Python 1.99.0`, `AsyncOpenAI/Python …`,
    /// `OpenAI/JS …`.
    var isFromOpenAIClient: Bool {
        headers[.userAgent]?.contains("OpenAI/") == true
    }
}
