import HTTPKit
import HTTPTypes
import Hummingbird
import LettaAPI
import NIOCore

/// `POST /mcp`: this server's agents as tools of the Model Context Protocol, over streamable HTTP without sessions.
struct MCPFrontRoutes: RouteGroup {
    let front: MCPFrontService

    func register(on routes: Routes) {
        routes.handleRaw(.post, "/mcp", "Offers the agents as tools of the Model Context Protocol.") {
            request, context in
            var request = request
            let body: ByteBuffer
            do {
                body = try await request.collectBody(upTo: context.maxUploadSize)
            } catch is NIOTooManyBytesError {
                throw APIError(413, "The message is larger than \(context.maxUploadSize) bytes.")
            }
            guard let answer = try await front.answer(to: Array(buffer: body), as: context.caller.scope) else {
                return Response(status: .accepted)
            }
            return .json(answer)
        }
    }
}
