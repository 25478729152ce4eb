import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

extension Response {
    /// Streams `frames` until they end, the client leaves, or the server drains. Writing waits for the client.
    package static func eventStream<Frames: AsyncSequence & Sendable>(
        _ frames: Frames, for request: Request, logger: Logger
    ) -> Response where Frames.Element == [UInt8] {
        var headers = HTTPFields()
        headers[.contentType] = "text/event-stream; charset=utf-8"
        headers[.cacheControl] = "no-cache"
        // Watching for the client's leaving costs the connection: one that knows does not send its next request into it.
        headers[.connection] = "close"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                let output = writer
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    var output = output
                    for try await frame in frames.cancelOnGracefulShutdown() {
                        try await output.write(ByteBuffer(bytes: frame))
                    }
                }
                try await writer.finish(nil)
            })
    }
}
