import Glibc

/// What many open streams cost, and what readers that don't read do to the others.
struct StreamMeasurements {
    private static let count = 1000
    private static let slowCount = 4
    private static let turnsOfContext = 15

    let binary: String
    let folder: String

    func add(to report: inout Report) throws {
        let model = try FakeModel()
        defer { model.end() }
        func server(_ name: String) throws -> ServerProcess {
            try ServerProcess(binary: binary, folder: "\(folder)/\(name)", environment: model.environment)
        }
        let making = try server("streams")
        let agents = try Measurements.timed("\(Self.count) agents") { try TurnAgents(making, count: Self.count).ids }
        making.end()
        let other = try server("no-streams")
        defer { other.end() }
        let server = try server("streams")
        defer { server.end() }
        try Measurements.timed("\(Self.count) streams") { try addStreams(to: agents, server, model, &report) }
        try Measurements.timed("slow readers") { try addSlowReaders(agents, server, other, model, &report) }
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

    /// Measures turns beside readers who take nothing of megabytes, each after one of a server without such readers,
    /// then lets these read everything.
    private func addSlowReaders(
        _ agents: [String], _ server: ServerProcess, _ other: ServerProcess, _ model: FakeModel,
        _ report: inout Report
    ) throws {
        let sides = [
            (try TurnAgents(other, count: 1).ids[0], try Connection(port: other.port)),
            (agents[Self.slowCount], try Connection(port: server.port)),
        ]
        model.use(.long)
        let readers = try agents.prefix(Self.slowCount).map { agent in
            let stream = try Connection(port: server.port, receiveBuffer: 65_536)
            try stream.send(TurnAgents.stream(agent).bytes)
            return stream
        }
        for reader in readers { try reader.receive(until: Self.firstEntry) }
        // Their turns end although nobody reads on.
        try waitForTurns(server)
        model.use(.prompt)
        var times = [[Double]](repeating: [], count: 2)
        for number in 0..<(Self.turnsOfContext * 12) {
            for (place, (agent, connection)) in sides.enumerated() {
                if number % Self.turnsOfContext == 0 { _ = try seconds(TurnAgents.reset(agent), connection) }
                let time = try seconds(TurnAgents.turn(agent), connection)
                if number >= Self.turnsOfContext * 2 { times[place].append(time) }
            }
        }
        for reader in readers {
            try reader.receive(until: Self.done)
            guard reader.holds(Self.endTurn), reader.received > ModelAnswers.longLength else {
                throw BenchmarkFailure("a slow reader got \(reader.received) bytes")
            }
        }
        report.add(
            "a turn beside \(Self.slowCount) readers that don't read, by one without",
            times[1].median / times[0].median, limit: 1.3, "x",
            "\((times[1].median * 1000).short) ms, \((times[0].median * 1000).short) ms")
    }

    private func seconds(_ request: RequestBytes, _ connection: Connection) throws -> Double {
        let start = ContinuousClock.now
        try connection.send(request.bytes)
        _ = try connection.receive()
        return start.duration(to: .now) / .seconds(1)
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
