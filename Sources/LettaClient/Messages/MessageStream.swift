import AsyncHTTPClient
import EventStreams
import JSON
public import LettaAPI
import NIOCore

/// What a streamed turn tells.
public enum MessageStreamEvent: Sendable, Hashable {
    /// Says that the turn goes on, and at first which run it is.
    case ping(run: String?)
    /// A message, or a piece of one: pieces of the same message share its id.
    case message(LettaMessage)
    case stopReason(StopReason)
    case usage(UsageEvent)
}

/// A turn as it happens.
///
/// ```swift
/// for try await event in client.agents.messages.stream(SendMessages("Hello"), to: agent.id) {
///     if case .message(let message) = event { print(try message.fields()["content"]?.string ?? "") }
/// }
/// ```
///
/// The messages are sent when the first event is asked for, by every walk anew. Leaving the loop closes the connection;
/// the turn goes on. A turn that fails throws ``LettaClientError/turn(type:detail:)``.
public struct MessageStream: AsyncSequence, Sendable {
    public typealias Element = MessageStreamEvent

    let exchange: HTTPExchange
    let makeCall: @Sendable () throws -> OutgoingCall

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: MessageStreamReader(exchange: exchange, makeCall: makeCall))
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        private let reader: MessageStreamReader
        private var waiting: ArraySlice<MessageStreamEvent> = []

        init(reader: MessageStreamReader) {
            self.reader = reader
        }

        public mutating func next() async throws -> MessageStreamEvent? {
            if waiting.isEmpty { waiting = try await reader.next()[...] }
            return waiting.popFirst()
        }
    }
}

/// Reads one stream, as far as it is asked to. When it goes, the connection closes.
actor MessageStreamReader {
    private let exchange: HTTPExchange
    private let makeCall: @Sendable () throws -> OutgoingCall
    private var body: HTTPClientResponse.Body.AsyncIterator?
    private var parser = ServerSentEventParser()
    private var isDone = false

    init(exchange: HTTPExchange, makeCall: @escaping @Sendable () throws -> OutgoingCall) {
        self.exchange = exchange
        self.makeCall = makeCall
    }

    /// The events of the next piece that holds any; none at the end.
    func next() async throws -> [MessageStreamEvent] {
        if body == nil, !isDone { body = try await exchange.open(try makeCall()).makeAsyncIterator() }
        while !isDone {
            let chunk: ByteBuffer?
            do {
                // A server that is alive sends pings.
                chunk = try await withDeadline(exchange.callTimeout, throwing: LettaClientError.timeout) {
                    try await self.readChunk()
                }
            } catch {
                close()
                throw exchange.failure(ofError: error)
            }
            guard let chunk else {
                close()
                throw LettaClientError.connection("it was closed before the turn was told to its end")
            }
            let events = try events(in: chunk)
            if !events.isEmpty { return events }
        }
        return []
    }

    private func readChunk() async throws -> ByteBuffer? {
        guard var iterator = body else { return nil }
        defer { body = iterator }
        return try await iterator.next(isolation: self)
    }

    private func close() {
        isDone = true
        body = nil
    }

    private func events(in chunk: ByteBuffer) throws -> [MessageStreamEvent] {
        var events: [MessageStreamEvent] = []
        do {
            for event in try chunk.withUnsafeReadableBytes({ try parser.feed($0) }) {
                guard !event.data.elementsEqual("[DONE]".utf8) else {
                    close()
                    break
                }
                events.append(try Self.event(event))
            }
        } catch let failure as LettaClientError {
            close()
            throw failure
        } catch {
            close()
            throw LettaClientError.decoding("\(error)")
        }
        return events
    }

    private static func event(_ event: ServerSentEvent) throws -> MessageStreamEvent {
        let fields = try JSONParser().parse(event.data)
        switch fields["message_type"]?.string {
        case "ping": return .ping(run: fields["run_id"]?.string)
        case "stop_reason":
            return .stopReason(try JSONDecoding().decode(StopReasonEvent.self, from: fields).stopReason)
        case "usage_statistics": return .usage(try JSONDecoding().decode(UsageEvent.self, from: fields))
        case "error_message":
            throw LettaClientError.turn(
                type: fields["error_type"]?.string ?? "error",
                detail: fields["detail"]?.string ?? fields["message"]?.string ?? "")
        default: return .message(try JSONDecoding().decode(LettaMessage.self, from: fields))
        }
    }
}
