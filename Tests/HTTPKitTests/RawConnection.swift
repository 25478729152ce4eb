import NIOCore
import NIOPosix

/// A TCP connection on which a test sends requests and reads responses as text.
struct RawConnection: Sendable {
    private let channel: any Channel
    private let received: AsyncThrowingStream<String, any Error>

    /// Runs `body` with a connection to a server on this machine and closes it.
    static func with<Result: Sendable>(
        port: Int, _ body: (RawConnection) async throws -> Result
    ) async throws -> Result {
        let (received, collector) = AsyncThrowingStream<String, any Error>.makeStream()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(collector))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let result: Result
        do {
            result = try await body(RawConnection(channel: channel, received: received))
        } catch {
            try? await channel.close()
            throw error
        }
        // The server may have closed first.
        try? await channel.close()
        return result
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    /// Reads until the text so far satisfies `condition`, or until the server closes its side.
    func read(until condition: (String) -> Bool = { _ in false }) async throws -> (text: String, isClosed: Bool) {
        var text = ""
        for try await piece in received {
            text += piece
            if condition(text) { return (text, false) }
        }
        return (text, true)
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let collector: AsyncThrowingStream<String, any Error>.Continuation

        init(_ collector: AsyncThrowingStream<String, any Error>.Continuation) {
            self.collector = collector
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            collector.yield(String(buffer: unwrapInboundIn(data)))
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event as? ChannelEvent == .inputClosed { collector.finish() }
            context.fireUserInboundEventTriggered(event)
        }

        func channelInactive(context: ChannelHandlerContext) {
            collector.finish()
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            collector.finish(throwing: error)
        }
    }
}
