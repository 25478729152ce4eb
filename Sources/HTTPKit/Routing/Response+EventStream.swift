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
                try await send(frames, to: writer, for: request)
                try await writer.finish(nil)
            })
    }

    private static func send<Frames: AsyncSequence & Sendable>(
        _ frames: Frames, to writer: any ResponseBodyWriter, for request: Request
    ) async throws where Frames.Element == [UInt8] {
        // One task writes until all is written or one of these says that it is over. When the server drains, a frame that
        // the client does not take is not waited for.
        let (ends, end) = AsyncThrowingStream<Void, any Error>.makeStream()
        // Only the writing task touches it before the group has ended.
        nonisolated(unsafe) var output = writer
        try await withGracefulShutdownHandler {
            try await request.body.consumeWithInboundCloseHandler { _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await frame in frames { try await output.write(ByteBuffer(bytes: frame)) }
                    }
                    group.addTask { for try await _ in ends {} }
                    try await group.next()
                    group.cancelAll()
                    try await group.waitForAll()
                }
            } onInboundClosed: {
                end.finish(throwing: CancellationError())
            }
        } onGracefulShutdown: {
            end.finish()
        }
    }
}
