import Foundation

/// What a call of a small Python tool takes: the first one, which starts Python in a box, and those after it.
struct ToolMeasurements {
    private static let starts = 5
    private static let calls = 40
    private static let agents = 32
    private static let rounds = 5

    private static let source =
        #"def add(a: int, b: int):\n    '''Add.\n\n    Args:\n        a: one\n        b: two\n    '''\n    return a + b\n"#
    private static let call = RequestBytes.post(
        "/v1/tools/run",
        """
        {"source_code": "\(source)", "args": {"a": 1, "b": 2}, "json_schema": \
        {"name": "add", "description": "Add.", "parameters": {"type": "object", "properties": {}, "required": []}}}
        """)

    let binary: String
    let folder: String

    func add(to report: inout Report) throws {
        var (cold, warm, python): ([Double], [Double], [Double]) = ([], [], [])
        for number in 0..<Self.starts {
            let server = try ServerProcess(binary: binary, folder: "\(folder)/tools\(number)")
            defer { server.end() }
            let load = try Load(server)
            cold.append(try timeOfCall(load))
            // In turns, so that a busy machine changes both alike.
            for _ in 0..<Self.calls {
                warm.append(try timeOfCall(load))
                python.append(try timeOfPython())
            }
        }
        report.add(
            "small warm tool call, by the first one", warm.median / cold.median, limit: 0.15, "x",
            "\(warm.median.short) ms, \(cold.median.short) ms first")
        report.add(
            "small warm tool call, by python3 -I -c pass", warm.median / python.median, limit: 3, "x",
            "\(warm.median.short) ms, \(python.median.short) ms")
        try addAgentsAtOnce(&report)
    }

    /// Turns in which each of many agents calls a tool, all at the same time.
    private func addAgentsAtOnce(_ report: inout Report) throws {
        let model = try FakeModel()
        defer { model.end() }
        let server = try ServerProcess(binary: binary, folder: "\(folder)/agents", environment: model.environment)
        defer { server.end() }
        try Load(server).send([.post("/v1/tools/", #"{"source_code": "\#(Self.source)"}"#)])
        let agents = try TurnAgents(server, count: Self.agents, tools: [ModelAnswers.tool]).ids
        model.use(.calling)
        var (wrong, times) = (0, [Double]())
        for _ in 0..<Self.rounds {
            try Load(server).send(agents.map(TurnAgents.reset))
            let start = ContinuousClock.now
            let answers = try Load.atOnce(agents.map(TurnAgents.turn), port: server.port)
            times.append(start.duration(to: .now) / .milliseconds(1))
            wrong += answers.count { !$0.contains(#""tool_return":"3""#) || !$0.contains(#""status":"success""#) }
        }
        report.add(
            "turns without the tool's result, of \(Self.rounds) times \(Self.agents) at once", Double(wrong), limit: 0,
            "turns", "\(times.median.short) ms for all \(Self.agents)")
    }

    private func timeOfCall(_ load: Load) throws -> Double {
        let start = ContinuousClock.now
        var said = ""
        try load.send([Self.call]) { said = String(decoding: $0, as: UTF8.self) }
        guard said.contains(#""tool_return":"3""#) else { throw BenchmarkFailure("a tool said \(said.prefix(300))") }
        return start.duration(to: .now) / .milliseconds(1)
    }

    /// A bare start of Python, to its end.
    private func timeOfPython() throws -> Double {
        var arguments = ["python3", "-I", "-c", "pass"].map { (word: String) in strdup(word) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let start = ContinuousClock.now
        var (process, status): (pid_t, Int32) = (0, 0)
        guard posix_spawn(&process, "/usr/bin/python3", nil, nil, &arguments, nil) == 0,
            waitpid(process, &status, 0) == process, status == 0
        else { throw BenchmarkFailure("python3 does not start") }
        return start.duration(to: .now) / .milliseconds(1)
    }
}
