/// A request as its bytes.
struct RequestBytes {
    /// Asks as the newer clients do, which get no relations unless they name them.
    static let newer = ["X-Stainless-Package-Version: 1.0.0"]
    /// Asks as everybody else, who gets everything.
    static let older = ["User-Agent: letta-bench"]

    let bytes: [UInt8]

    static func get(_ path: String, _ headers: [String] = newer) -> RequestBytes {
        RequestBytes(bytes: Array(head("GET", path, headers).utf8) + [13, 10])
    }

    static func post(_ path: String, _ body: String) -> RequestBytes {
        send("POST", path, body)
    }

    static func patch(_ path: String, _ body: String) -> RequestBytes {
        send("PATCH", path, body)
    }

    private static func send(_ verb: String, _ path: String, _ body: String) -> RequestBytes {
        let fields = newer + ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"]
        return RequestBytes(bytes: Array(head(verb, path, fields).utf8) + [13, 10] + Array(body.utf8))
    }

    private static func head(_ verb: String, _ path: String, _ headers: [String]) -> String {
        let fields = (["Host: localhost"] + headers).map { "\($0)\r\n" }
        return "\(verb) \(path) HTTP/1.1\r\n\(fields.joined())"
    }
}

/// Asks a server over a few connections at a time.
struct Load {
    private let server: ServerProcess
    private let connections: [Connection]

    init(_ server: ServerProcess) throws {
        self.server = server
        connections = try (0..<8).map { _ in try Connection(port: server.port) }
    }

    /// Sends each request once, a round over all connections at a time, and gives each answer to `use`.
    func send(_ requests: some Collection<RequestBytes>, _ use: (ArraySlice<UInt8>) -> Void = { _ in }) throws {
        var rest = requests[...]
        while !rest.isEmpty {
            let round = rest.prefix(connections.count)
            for (connection, request) in zip(connections, round) { try connection.send(request.bytes) }
            for connection in connections.prefix(round.count) { use(try connection.receive()) }
            rest = rest.dropFirst(round.count)
        }
    }

    /// Sends every request over a connection of its own, all at once, and waits for the answers.
    static func atOnce(_ requests: [RequestBytes], port: UInt16) throws -> [String] {
        let connections = try requests.map { _ in try Connection(port: port) }
        for (connection, request) in zip(connections, requests) { try connection.send(request.bytes) }
        return try connections.map { String(decoding: try $0.receive(), as: UTF8.self) }
    }

    /// What one of `count` such requests costs the server, in microseconds of processor time.
    func cost(of request: RequestBytes, count: Int) throws -> Double {
        let before = try server.processorSeconds()
        try send(repeatElement(request, count: count))
        return (try server.processorSeconds() - before) / Double(count) * 1_000_000
    }
}
