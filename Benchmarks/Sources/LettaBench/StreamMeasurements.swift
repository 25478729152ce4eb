import Glibc

/// What many open streams cost, and what readers that don't read do to the others.
struct StreamMeasurements {
    private static let count = 1000
    private static let slowCount = 4

    let binary: String
    let folder: String

    func add(to report: inout Report) throws {
        let model = try FakeModel()
        defer { model.end() }
        func server() throws -> ServerProcess {
            try ServerProcess(binary: binary, folder: "\(folder)/streams", environment: model.environment)
        }
        let making = try server()
        let agents = try Measurements.timed("\(Self.count) agents") { try TurnAgents(making, count: Self.count).ids }
        making.end()
        let server = try server()
        defer { server.end() }
        try Measurements.timed("\(Self.count) streams") { try addStreams(to: agents, server, model, &report) }
        try Measurements.timed("slow readers") { try addSlowReaders(agents, server, model, &report) }
    }

    /// Opens all streams, lets the model hold them after the first word, and then end them.
    private func addStreams(
        to agents: [String], _ server: ServerProcess, _ model: FakeModel, _ report: inout Report
    ) throws {
        model.use(.holding)
        let idle = try server.residentMegabytes()
        let streams = try agents.map { agent in
            let stream = try Connection(port: server.port)
            try stream.send(TurnAgents.stream(agent).bytes)
            return stream
        }
        for stream in streams { try stream.receive(until: Self.firstEntry) }
        guard model.held == agents.count else { throw BenchmarkFailure("the model holds \(model.held) streams") }
        let resident = try server.residentMegabytes()
        let before = try server.processorSeconds()
        sleep(4)
        let processor = (try server.processorSeconds() - before) / 4
        model.release()
        for stream in streams {
            try stream.receive(until: Self.done)
            guard stream.holds(Self.endTurn) else { throw BenchmarkFailure("a stream did not end well") }
        }
        try waitForTurns(server)
        report.add(
            "resident with 1,000 open streams", resident, limit: 200, "MB",
            "\(idle.short) MB before, \(((resident - idle) * 1024 / Double(Self.count)).short) kB each, "
                + "\((try server.residentMegabytes()).short) MB after")
        report.add("processor time of 1,000 open streams, of a core", processor * 100, limit: 1, "%")
    }

    /// Measures turns beside readers who take nothing of megabytes, then lets these read everything.
    private func addSlowReaders(
        _ agents: [String], _ server: ServerProcess, _ model: FakeModel, _ report: inout Report
    ) throws {
        let connection = try Connection(port: server.port)
        let agent = agents[Self.slowCount]
        let before = try turnSeconds(agent, connection)
        model.use(.long)
        let readers = try agents.prefix(Self.slowCount).map { agent in
            let stream = try Connection(port: server.port, receiveBuffer: 65_536)
            try stream.send(TurnAgents.stream(agent).bytes)
            return stream
        }
        // Their turns end although nobody reads.
        try waitForTurns(server)
        model.use(.prompt)
        let beside = try turnSeconds(agent, connection)
        for reader in readers {
            try reader.receive(until: Self.done)
            guard reader.holds(Self.endTurn), reader.received > ModelAnswers.longLength else {
                throw BenchmarkFailure("a slow reader got \(reader.received) bytes")
            }
        }
        let after = try turnSeconds(agent, connection)
        let alone = min(before, after)
        report.add(
            "a turn beside \(Self.slowCount) readers that don't read, by one alone", beside / alone, limit: 1.3, "x",
            "\((beside * 1000).short) ms, \((alone * 1000).short) ms")
    }

    /// The median of some turns with contexts of the usual lengths.
    private func turnSeconds(_ agent: String, _ connection: Connection) throws -> Double {
        let turns = try (0..<120).map { number in
            if number % 15 == 0 {
                try connection.send(TurnAgents.reset(agent).bytes)
                _ = try connection.receive()
            }
            let start = ContinuousClock.now
            try connection.send(TurnAgents.turn(agent).bytes)
            _ = try connection.receive()
            return start.duration(to: .now) / .seconds(1)
        }
        return turns.median
    }

    private func waitForTurns(_ server: ServerProcess) throws {
        let connection = try Connection(port: server.port)
        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
        while ContinuousClock.now < deadline {
            try connection.send(RequestBytes.get("/v1/runs/?active=true&limit=1").bytes)
            if try connection.receive().elementsEqual("[]".utf8) { return }
            usleep(20_000)
        }
        throw BenchmarkFailure("turns don't end")
    }

    private static let firstEntry = Array(#""message_type":"assistant_message""#.utf8)
    private static let done = Array("[DONE]".utf8)
    private static let endTurn = Array(#""stop_reason":"end_turn""#.utf8)
}
