import Glibc

/// Agents as people have them, made over the API: base tools, three blocks, an empty context.
struct TurnAgents {
    let ids: [String]

    private static let text = String(repeating: "She likes engines that weave algebraic patterns. ", count: 12)
    private static let question = String(repeating: "What would an engine weave out of this? ", count: 3)

    /// - Parameter tools: what they have besides the base tools.
    init(_ server: ServerProcess, count: Int, tools: [String] = []) throws {
        let names = tools.map { #""\#($0)""# }.joined(separator: ", ")
        let requests = (0..<count).map { number in
            RequestBytes.post(
                "/v1/agents/",
                """
                {"name": "agent \(number)", "model": "\(ModelAnswers.handle)", "tools": [\(names)], "memory_blocks": [
                {"label": "human", "value": "\(Self.text)"}, {"label": "persona", "value": "\(Self.text)"},
                {"label": "notes", "value": "\(Self.text)"}]}
                """)
        }
        var ids: [String] = []
        try Load(server).send(requests) { answer in
            let made = String(decoding: answer, as: UTF8.self)
            guard let start = made.firstRange(of: #""id":"agent-"#) else { return }
            ids.append("agent-\(made[start.upperBound...].prefix(36))")
        }
        guard ids.count == count else { throw BenchmarkFailure("\(ids.count) of \(count) agents were made") }
        self.ids = ids
    }

    /// One message to an agent, answered when the turn is over.
    static func turn(_ agent: String) -> RequestBytes {
        .post("/v1/agents/\(agent)/messages", #"{"messages": [\#(message)]}"#)
    }

    /// One message to an agent, answered word by word.
    static func stream(_ agent: String) -> RequestBytes {
        .post("/v1/agents/\(agent)/messages/stream", #"{"messages": [\#(message)], "stream_tokens": true}"#)
    }

    /// Empties the context down to the system message; what was said stays stored.
    static func reset(_ agent: String) -> RequestBytes {
        .patch("/v1/agents/\(agent)/reset-messages", "{}")
    }

    /// Lets an agent have `count` more stored messages and an empty context.
    static func fill(_ agent: String, with count: Int, over load: Load) throws {
        let batch = min(count, 500)
        let messages = repeatElement(message, count: batch - 1).joined(separator: ", ")
        let turn = RequestBytes.post("/v1/agents/\(agent)/messages", #"{"messages": [\#(messages)]}"#)
        for _ in 0..<(count / batch) {
            try load.send([turn])
            try load.send([reset(agent)])
        }
    }

    private static let message = #"{"role": "user", "content": "\#(question)"}"#
}

extension Load {
    /// Sends every request over a connection of its own, the next one as soon as the last was answered, until
    /// `duration` is over.
    ///
    /// - Returns: how many were answered in a second.
    static func rate(of requests: [RequestBytes], port: UInt16, for duration: Duration) throws -> Double {
        let connections = try requests.map { _ in try Connection(port: port) }
        var watched = connections.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
        let start = ContinuousClock.now
        let end = start.advanced(by: duration)
        for (connection, request) in zip(connections, requests) { try connection.send(request.bytes) }
        var answered = 0
        var waiting = requests.count
        while waiting > 0 {
            guard poll(&watched, nfds_t(watched.count), 30_000) > 0 else { throw BenchmarkFailure("no answer in 30 s") }
            for place in watched.indices where watched[place].revents != 0 {
                guard try connections[place].advance() != nil else { continue }
                answered += 1
                if ContinuousClock.now < end {
                    try connections[place].send(requests[place].bytes)
                } else {
                    waiting -= 1
                    watched[place].fd = -1
                }
            }
        }
        return Double(answered) / (start.duration(to: .now) / .seconds(1))
    }
}
