import HTTPTypes
package import Hummingbird
import NIOCore
import ServiceLifecycle

extension Response {
    /// Streams `frames` until they end, the client disconnects, or the server shuts down. Writes apply back-pressure.
    package static func eventStream<Frames: AsyncSequence & Sendable>(
        _ frames: Frames, to client: ClientConnection
    ) -> Response where Frames.Element == [UInt8] {
        var headers = HTTPFields()
        headers[.contentType] = "text/event-stream; charset=utf-8"
        headers[.cacheControl] = "no-cache"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await send(frames, through: writer, to: client)
                try await writer.finish(nil)
            })
    }

    private static func send<Frames: AsyncSequence & Sendable>(
        _ frames: Frames, through writer: any ResponseBodyWriter, to client: ClientConnection
    ) async throws where Frames.Element == [UInt8] {
        // One task writes until the frames end; the other ends at a disconnect or a shutdown. A shutdown does not wait for
        // a frame that the client does not read.
        let (ends, end) = AsyncThrowingStream<Void, any Error>.makeStream()
        client.whenClosed { end.finish(throwing: CancellationError()) }
        // Only the writing task touches it before the group has ended.
        nonisolated(unsafe) var output = writer
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await frame in frames { try await output.write(ByteBuffer(bytes: frame)) }
                }
                group.addTask { for try await _ in ends {} }
                try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            end.finish()
        }
    }
}
