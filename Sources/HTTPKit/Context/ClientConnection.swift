import NIOCore

/// The client's end of a request's connection.
package struct ClientConnection: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Calls `action` when the client closes its side, immediately if it already has. Replaces the action of the
    /// connection's previous request.
    func whenClosed(_ action: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute { [channel] in
            guard let handler = try? channel.pipeline.syncOperations.handler(type: DisconnectHandler.self) else {
                // A closed channel has no handlers.
                channel.closeFuture.whenComplete { _ in action() }
                return
            }
            handler.watch(action)
        }
    }

    /// Sends `100 Continue`, for which the client waits before it sends the body.
    func askForBody() {
        channel.eventLoop.execute { [channel] in
            // A closed channel has no handlers.
            try? channel.pipeline.syncOperations.handler(type: ConnectionPersistence.self).writeContinue()
        }
    }
}

/// Detects that a client has closed its side of the connection without reading from it.
final class DisconnectHandler: ChannelInboundHandler, RemovableChannelHandler {
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
