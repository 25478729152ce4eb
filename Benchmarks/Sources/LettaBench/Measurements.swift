import Foundation

/// What is measured and how much it may be.
///
/// Costs are processor time of the server. What is compared is measured in turns, round by round, and the median of
/// the rounds' ratios counts, so that a busy machine changes both sides alike.
struct Measurements {
    private static let rounds = 5
    private static let health = RequestBytes.get("/v1/health/")

    let binary: String
    let folder: String

    func add(to report: inout Report) throws {
        let small = try server(holding: "100")
        defer { small.end() }
        _ = try Self.timed("100 agents and blocks") { try Seed(Load(small), count: 100) }
        let agent = try seeded(count: 10_000)
        try addStarts(&report)
        let large = try server(holding: "10000")
        defer { large.end() }
        try addMemory(of: large, agent, &report)
        try Self.timed("retrieving") { try addRetrieving(agent, from: large, &report) }
        try Self.timed("listing") { try addLists(small, large, &report) }
    }

    private func server(holding name: String) throws -> ServerProcess {
        try ServerProcess(binary: binary, folder: "\(folder)/\(name)")
    }

    static func timed<Value>(_ name: String, _ work: () throws -> Value) rethrows -> Value {
        let start = ContinuousClock.now
        let value = try work()
        print("\(name): \((start.duration(to: .now) / .seconds(1)).short) s")
        fflush(nil)
        return value
    }

    /// Fills the larger folder and returns the id of the agent to retrieve.
    private func seeded(count: Int) throws -> String {
        let server = try server(holding: "10000")
        defer { server.end() }
        return try Self.timed("\(count) agents and blocks") { try Seed(Load(server), count: count).agent }
    }

    private func addStarts(_ report: inout Report) throws {
        let times = try (0..<Self.rounds).map { _ in
            let server = try server(holding: "10000")
            server.end()
            return server.secondsToFirstAnswer * 1000
        }
        report.add("start to first answer", times.median, limit: 200, "ms", "worst \((times.max() ?? 0).short)")
    }

    private func addMemory(of server: ServerProcess, _ agent: String, _ report: inout Report) throws {
        sleep(1)
        let idle = try server.residentMegabytes()
        report.add("resident when idle", idle, limit: 60, "MB")
        let load = try Load(server)
        let bare = RequestBytes.get("/v1/agents/\(agent)")
        let whole = RequestBytes.get("/v1/agents/\(agent)", RequestBytes.older)
        let list = RequestBytes.get("/v1/agents/?limit=50")
        try Self.timed("100,000 requests") {
            for _ in 0..<100 {
                try load.send(repeatElement(Self.health, count: 580))
                try load.send(repeatElement(bare, count: 200))
                try load.send(repeatElement(whole, count: 200))
                try load.send(repeatElement(list, count: 20))
            }
        }
        let after = try server.residentMegabytes()
        report.add("resident after 100,000 requests, by idle", after / idle, limit: 1.5, "x", "\(after.short) MB")
    }

    private func addRetrieving(_ agent: String, from server: ServerProcess, _ report: inout Report) throws {
        let load = try Load(server)
        let requests = [
            (Self.health, 8000), (RequestBytes.get("/v1/agents/\(agent)"), 2000),
            (RequestBytes.get("/v1/agents/\(agent)", RequestBytes.older), 1000),
        ]
        let costs = try measured(requests.map { (load, $0.0, $0.1) })
        let plain = "\(costs[0].median.short) µs plain"
        report.add(
            "agent without relations, by plain route", ratio(costs[1], by: costs[0]), limit: 8, "x",
            "\(costs[1].median.short) µs, \(plain)")
        report.add(
            "agent with all relations, by plain route", ratio(costs[2], by: costs[0]), limit: 15, "x",
            "\(costs[2].median.short) µs, \(plain)")
    }

    private func addLists(_ small: ServerProcess, _ large: ServerProcess, _ report: inout Report) throws {
        let (few, many) = (try Load(small), try Load(large))
        let lists = [
            ("agents", RequestBytes.get("/v1/agents/?limit=50"), 300),
            ("agents with all relations", RequestBytes.get("/v1/agents/?limit=50", RequestBytes.older), 100),
            ("blocks", RequestBytes.get("/v1/blocks/?limit=50"), 800),
        ]
        for (name, request, count) in lists {
            let costs = try measured([(few, request, count), (many, request, count)])
            report.add(
                "50 \(name) of 10,000, by 50 of 100", ratio(costs[1], by: costs[0]), limit: 1.3, "x",
                "\(costs[1].median.short) µs, \(costs[0].median.short) µs")
        }
    }

    /// The costs of each request in each round, after a round that doesn't count.
    private func measured(_ requests: [(load: Load, request: RequestBytes, count: Int)]) throws -> [[Double]] {
        var costs = requests.map { _ in [Double]() }
        for round in 0...Self.rounds {
            for (place, item) in requests.enumerated() {
                let cost = try item.load.cost(of: item.request, count: item.count)
                if round > 0 { costs[place].append(cost) }
            }
        }
        return costs
    }

    private func ratio(_ costs: [Double], by baseline: [Double]) -> Double {
        zip(costs, baseline).map { $0 / $1 }.median
    }
}
