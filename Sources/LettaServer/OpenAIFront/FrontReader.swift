import JSON
import LettaAPI

/// What an agent answered in a turn.
struct FrontAnswer: Sendable {
    /// The id of the run.
    var id: String
    var text = ""
    /// The calls of the client's own tools that the turn ends with.
    var calls: [FrontCall] = []
    var stop = StopReason.endTurn
    var usage = UsageEvent()
}

/// A call of a tool that the client runs.
struct FrontCall: Sendable {
    let id: String
    var name: String
    /// The text of a JSON object.
    var arguments: String
}

/// Reads the text of an answer, and the calls that it ends with, from the messages of a turn, whole ones and deltas alike.
/// Reasoning and the agent's own tools are not shown.
struct FrontReader: Sendable {
    /// Whether a tool is the client's.
    let isClients: @Sendable (String) -> Bool
    /// The message that the last text belongs to.
    private var last: String?
    private var waiting: [FrontCall] = []

    init(isClients: @escaping @Sendable (String) -> Bool = { _ in false }) {
        self.isClients = isClients
    }

    /// The text that a message adds to the answer; nil for none.
    mutating func text(of message: JSONValue) -> String? {
        switch message["message_type"]?.string {
        case "assistant_message":
            let text = Self.text(message["content"])
            let id = message["id"]?.string
            guard !text.isEmpty else { return nil }
            defer { last = id }
            return last == nil || last == id ? text : "\n\n\(text)"
        case "approval_request_message":
            for call in message["tool_calls"]?.array ?? [message["tool_call"] ?? .null] { note(call) }
            return nil
        default:
            return nil
        }
    }

    /// A whole call, or the next piece of one.
    private mutating func note(_ call: JSONValue) {
        let (id, name) = (call["tool_call_id"]?.string, call["name"]?.string ?? "")
        let arguments = call["arguments"]?.string ?? ""
        if let index = waiting.lastIndex(where: { id == nil || $0.id == id }) {
            waiting[index].name += name
            waiting[index].arguments += arguments
        } else if let id {
            waiting.append(FrontCall(id: id, name: name, arguments: arguments))
        }
    }

    /// The calls that the client has to answer.
    func calls(at stop: StopReason) -> [FrontCall] {
        guard stop == .requiresApproval, waiting.allSatisfy({ isClients($0.name) }) else { return [] }
        return waiting
    }

    /// What the end of a turn adds to the answer: OpenAI's API knows no approvals.
    func text(of stop: StopReason) -> String? {
        guard stop == .requiresApproval, calls(at: stop).isEmpty else { return nil }
        let tools = waiting.isEmpty ? "a tool" : waiting.map(\.name).joined(separator: ", ")
        let text = "[The agent waits for approval to call \(tools). Approve or deny it with Letta's API.]"
        return last == nil ? text : "\n\n\(text)"
    }

    private static func text(_ content: JSONValue?) -> String {
        switch content {
        case .string(let text)?: text
        case .array(let parts)?: parts.compactMap { $0["text"]?.string }.joined()
        default: ""
        }
    }
}

/// Writes the stream of an answer in one of OpenAI's forms.
protocol FrontWriter: Sendable {
    mutating func start() -> [UInt8]
    mutating func text(_ text: String) -> [UInt8]
    mutating func end(_ stop: StopReason, _ usage: UsageEvent, _ calls: [FrontCall]) -> [UInt8]
    mutating func failure(type: String, _ message: String) -> [UInt8]
}

/// The events of a turn as a stream in one of OpenAI's forms. The turn goes on when its reader leaves.
struct FrontFrames<Writer: FrontWriter>: AsyncSequence, Sendable {
    let log: RunLog
    let writer: Writer
    /// Whether a tool is the client's.
    let isClients: @Sendable (String) -> Bool

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(log: log, writer: writer, reader: FrontReader(isClients: isClients))
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        private let log: RunLog
        private var writer: Writer
        private var reader: FrontReader
        private var count = 0
        private var hasStarted = false
        private var hasEnded = false
        private var stop = StopReason.endTurn

        fileprivate init(log: RunLog, writer: Writer, reader: FrontReader) {
            self.log = log
            self.writer = writer
            self.reader = reader
        }

        mutating func next() async throws -> [UInt8]? {
            if !hasStarted {
                hasStarted = true
                let start = writer.start()
                if !start.isEmpty { return start }
            }
            while !hasEnded {
                switch await log.read(after: count) {
                case .events(let events):
                    count = events.last?.sequence ?? count
                    let bytes = try events.flatMap { try frames(of: $0) }
                    if !bytes.isEmpty { return bytes }
                case .behind:
                    hasEnded = true
                    return writer.failure(
                        type: "internal_error", "This stream was read too slowly. The agent has stored its answer.")
                case .end where Task.isCancelled:
                    return nil
                case .end, .interrupted:
                    hasEnded = true
                    return writer.end(stop, UsageEvent(), reader.calls(at: stop))
                }
            }
            return nil
        }

        private mutating func frames(of event: RunEvent) throws -> [UInt8] {
            guard !hasEnded else { return [] }
            let fields = try JSONParser().parse(event.json)
            switch event.type {
            case "stop_reason":
                stop = fields["stop_reason"]?.string.flatMap(StopReason.init) ?? .error
                return reader.text(of: stop).map { writer.text($0) } ?? []
            case "usage_statistics":
                hasEnded = true
                let usage = try JSONDecoding().decode(UsageEvent.self, from: fields)
                return writer.end(stop, usage, reader.calls(at: stop))
            case "error_message":
                hasEnded = true
                let texts = [fields["message"]?.string, fields["detail"]?.string].compactMap(\.self)
                return writer.failure(
                    type: fields["error_type"]?.string ?? "internal_error", texts.joined(separator: " "))
            default:
                return reader.text(of: fields).map { writer.text($0) } ?? []
            }
        }
    }
}
