import NIOCore

/// The other end of the connection that a request came over.
package struct ClientConnection: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Calls `action` when the client closes its side, at once when it has done so already. Takes the place of the
    /// action before, which belonged to an earlier request.
    func whenClosed(_ action: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute { [channel] in
            guard let handler = try? channel.pipeline.syncOperations.handler(type: ClosingHandler.self) else {
                // A closed connection has no handlers any more.
                channel.closeFuture.whenComplete { _ in action() }
                return
            }
            handler.watch(action)
        }
    }
}

/// Notices that a client has closed its side of the connection, without reading what it sends.
final class ClosingHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private var isClosed = false
    private var action: () -> Void = {}

    func watch(_ action: @escaping () -> Void) {
        self.action = action
        if isClosed { action() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    private func close() {
        guard !isClosed else { return }
        isClosed = true
        action()
        action = {}
    }
}
