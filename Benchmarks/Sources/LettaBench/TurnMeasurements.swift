import Glibc

/// What a turn of an agent costs over a call of its model, and what its past costs it.
///
/// The model answers in no time, so that what is measured is the server and the disk. A turn and the call of the model
/// without a server between, which is the baseline, alternate.
struct TurnMeasurements {
    private static let rounds = 5
    /// After how many turns a context is emptied, so that each measurement has contexts of the same lengths.
    private static let turnsOfContext = 15

    let binary: String
    let folder: String

    func add(to report: inout Report) throws {
        let model = try FakeModel()
        defer { model.end() }
        let few = try ServerProcess(binary: binary, folder: "\(folder)/turns-few", environment: model.environment)
        defer { few.end() }
        let agents = try TurnAgents(few, count: 65).ids
        try Measurements.timed("turns one by one") {
            try addTurns(of: agents[0], few, model, &report)
            try addFirstWords(of: agents[0], few, model, &report)
        }
        try Measurements.timed("turns of 64 agents") { try addRate(of: Array(agents.prefix(64)), few, model, &report) }
        let many = try ServerProcess(binary: binary, folder: "\(folder)/turns-many", environment: model.environment)
        defer { many.end() }
        let old = try TurnAgents(many, count: 64).ids[0]
        try Measurements.timed("100,000 messages") { try TurnAgents.fill(old, with: 100_000, over: Load(many)) }
        try Measurements.timed("turns with a past") { try addPast(young: agents[64], few, old: old, many, &report) }
    }

    // MARK: One agent

    private func addTurns(
        of agent: String, _ server: ServerProcess, _ model: FakeModel, _ report: inout Report
    ) throws {
        let connection = try Connection(port: server.port)
        let direct = try Connection(port: model.port)
        let disk = try Disk(folder: folder)
        var (turns, calls) = ([Double](), [Double]())
        // Not between the turns: the server would be measured with the caches and the idle processor of a pause.
        let syncs = try (0..<100).map { _ in try disk.secondsToSync() }
        let before = try server.processorSeconds()
        for number in 0..<(Self.turnsOfContext * 25) {
            if number % Self.turnsOfContext == 0 { _ = try seconds(TurnAgents.reset(agent), connection) }
            let turn = try seconds(TurnAgents.turn(agent), connection)
            let call = try Self.seconds {
                try direct.send(model.lastCall().bytes)
                try direct.receive(until: Self.doneText)
            }
            // The first turns meet a cold server.
            guard number >= Self.turnsOfContext * 2 else { continue }
            turns.append(turn)
            calls.append(call)
        }
        let processor = (try server.processorSeconds() - before) / Double(Self.turnsOfContext * 25)
        report.add(
            "added by a turn to the model's time, p50", (turns.median - calls.median) * 1000, limit: 4, "ms",
            "\((turns.median * 1000).short) ms, \((turns.quietest(Self.turnsOfContext) * 1000).short) when quietest, "
                + "model alone \((calls.median * 1000).short), two syncs of the disk \((syncs.median * 2000).short), processor \((processor * 1000).short)"
        )
    }

    private func addFirstWords(
        of agent: String, _ server: ServerProcess, _ model: FakeModel, _ report: inout Report
    ) throws {
        let connection = try Connection(port: server.port)
        let direct = try Connection(port: model.port)
        var (turns, calls) = ([Double](), [Double]())
        for number in 0..<(Self.turnsOfContext * 20) {
            if number % Self.turnsOfContext == 0 { _ = try seconds(TurnAgents.reset(agent), connection) }
            turns.append(
                try Self.seconds {
                    try connection.send(TurnAgents.stream(agent).bytes)
                    try connection.receive(until: Self.firstEntry)
                })
            try connection.receive(until: Self.lastChunk)
            let call = model.lastCall().bytes
            calls.append(
                try Self.seconds {
                    try direct.send(call)
                    try direct.receive(until: Self.firstWord)
                })
            try direct.receive(until: Self.doneText)
        }
        report.add(
            "added before the first word, p50", (turns.median - calls.median) * 1000, limit: 2.5, "ms",
            "\((turns.median * 1000).short) ms, \((turns.quietest(Self.turnsOfContext) * 1000).short) when quietest, "
                + "model alone \((calls.median * 1000).short)")
    }

    private func seconds(_ request: RequestBytes, _ connection: Connection) throws -> Double {
        try Self.seconds {
            try connection.send(request.bytes)
            _ = try connection.receive()
        }
    }

    private static func seconds(_ work: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try work()
        return start.duration(to: .now) / .seconds(1)
    }

    private static let firstEntry = Array(#""message_type":"assistant_message""#.utf8)
    private static let firstWord = Array(#""delta""#.utf8)
    private static let doneText = Array("[DONE]".utf8)
    private static let lastChunk = Array("[DONE]\n\n\r\n0\r\n\r\n".utf8)

    // MARK: Many agents

    private func addRate(
        of agents: [String], _ server: ServerProcess, _ model: FakeModel, _ report: inout Report
    ) throws {
        let load = try Load(server)
        var (rates, costs) = ([Double](), [Double]())
        for round in 0...Self.rounds {
            try load.send(agents.map(TurnAgents.reset))
            let before = try server.processorSeconds()
            let start = ContinuousClock.now
            let rate = try Load.rate(of: agents.map(TurnAgents.turn), port: server.port, for: .seconds(1.2))
            let turns = rate * (start.duration(to: .now) / .seconds(1))
            guard round > 0 else { continue }
            rates.append(rate)
            costs.append((try server.processorSeconds() - before) / turns)
        }
        let calls = Array(repeating: model.lastCall(streaming: false), count: agents.count)
        let alone = try Load.rate(of: calls, port: model.port, for: .seconds(0.5))
        report.add(
            "turns a second over 64 agents", rates.median, atLeast: 400, "",
            "processor \((costs.median * 1000).short) ms a turn; model alone \(alone.short)")
    }

    // MARK: Much that was said

    private func addPast(
        young: String, _ few: ServerProcess, old: String, _ many: ServerProcess, _ report: inout Report
    ) throws {
        try TurnAgents.fill(young, with: 100, over: Load(few))
        let sides = [(few, young, try Connection(port: few.port)), (many, old, try Connection(port: many.port))]
        var (times, costs) = ([[Double]](repeating: [], count: 2), [[Double]](repeating: [], count: 2))
        for round in 0...(Self.rounds * 2) {
            for (place, (server, agent, connection)) in sides.enumerated() {
                _ = try seconds(TurnAgents.reset(agent), connection)
                let before = try server.processorSeconds()
                let turns = try (0..<Self.turnsOfContext).map { _ in
                    try seconds(TurnAgents.turn(agent), connection)
                }
                guard round > 0 else { continue }
                times[place].append(turns.median)
                costs[place].append((try server.processorSeconds() - before) / Double(turns.count))
            }
        }
        func add(_ name: String, _ values: [[Double]]) {
            report.add(
                "\(name) of a turn after 100,000 messages, by 100", zip(values[1], values[0]).map { $0 / $1 }.median,
                limit: 1.2, "x", "\((values[1].median * 1000).short) ms, \((values[0].median * 1000).short) ms")
        }
        add("time", times)
        add("processor time", costs)
    }
}

/// What the disk takes to make a small write durable: a turn waits for that twice.
struct Disk {
    private let file: Int32

    init(folder: String) throws {
        file = open("\(folder)/sync-probe", O_CREAT | O_WRONLY, 0o600)
        guard file >= 0 else { throw BenchmarkFailure("no probe of the disk: errno \(errno)") }
    }

    func secondsToSync() throws -> Double {
        let page = [UInt8](repeating: 1, count: 16_384)
        let start = ContinuousClock.now
        guard write(file, page, page.count) == page.count, fdatasync(file) == 0 else {
            throw BenchmarkFailure("the disk does not write: errno \(errno)")
        }
        return start.duration(to: .now) / .seconds(1)
    }
}
