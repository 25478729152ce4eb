import NIOCore
import NIOHTTP1

/// Announces the end of a persistent connection: its last response says `Connection: close`.
///
/// Without the header a pooling client sends its next request into a connection that is being closed.
///
/// Hummingbird closes the connection after a request whose `Connection` header is exactly `close`, and during a graceful
/// shutdown after the last request in progress. It does not write the header itself, and it ignores other
/// spellings (`Close`, `close, TE`) and HTTP/1.0, so such requests get the spelling that it understands.
final class ConnectionPersistence: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private struct PendingRequest {
        var version: HTTPVersion
        var isKeepAlive: Bool
    }

    /// The requests without a complete response, in the order in which they came.
    private var pending = CircularBuffer<PendingRequest>()
    private var isShuttingDown = false
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// Asks for the body of the request whose `Expect` header says that the client waits with it.
    func writeContinue() {
        guard let context, let request = pending.first, request.version != .http1_0 else { return }
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        pending.append(PendingRequest(version: head.version, isKeepAlive: head.isKeepAlive))
        if !head.isKeepAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if let value = connectionHeader { head.headers.replaceOrAdd(name: "Connection", value: value) }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            _ = pending.popFirst()
            context.write(data, promise: promise)
        }
    }

    /// What the response to the oldest pending request says of the connection; nil where the default holds.
    private var connectionHeader: String? {
        // The response to a malformed request has no request, and its header already.
        guard let request = pending.first else { return nil }
        if !request.isKeepAlive || (isShuttingDown && pending.count == 1) { return "close" }
        return request.version == .http1_0 ? "keep-alive" : nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { isShuttingDown = true }
        context.fireUserInboundEventTriggered(event)
    }
}

/// Puts ``ConnectionPersistence`` behind the HTTP/1 decoder.
///
/// Hummingbird adds the handlers it is given behind a codec that drops the version of requests.
final class ConnectionPersistenceInstaller: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            let pipeline = context.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(ConnectionPersistence(), position: .after(decoder))
        } catch {
            context.fireErrorCaught(error)
        }
    }
}
