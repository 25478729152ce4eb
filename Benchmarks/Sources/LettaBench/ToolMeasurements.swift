import Foundation

/// What a call of a small Python tool takes: the first one, which starts Python in a box, and those after it.
struct ToolMeasurements {
    private static let starts = 5
    private static let calls = 40

    private static let call = RequestBytes.post(
        "/v1/tools/run",
        """
        {"source_code": "def add(a: int, b: int):\\n    return a + b\\n", "args": {"a": 1, "b": 2}, "json_schema": \
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
            if number == Self.starts - 1 { try addManyAtOnce(load, &report) }
        }
        report.add("small warm tool call, by the first one", warm.median / cold.median, limit: 0.15, "x", "\(cold.median.short) ms first")
        report.add(
            "small warm tool call, by python3 -I -c pass", warm.median / python.median, limit: 3, "x",
            "\(warm.median.short) ms, \(python.median.short) ms")
    }

    private func addManyAtOnce(_ load: Load, _ report: inout Report) throws {
        var wrong = 0
        try load.send(repeatElement(Self.call, count: 320)) { answer in
            if !String(decoding: answer, as: UTF8.self).contains(#""status":"success""#) { wrong += 1 }
        }
        report.add("calls that failed of 320, eight at once", Double(wrong), limit: 0, "calls")
    }

    private func timeOfCall(_ load: Load) throws -> Double {
        let start = ContinuousClock.now
        var said = ""
        try load.send([Self.call]) { said = String(decoding: $0, as: UTF8.self) }
        guard said.contains(#""tool_return":"3""#) else { throw BenchmarkFailure("a tool said \(said.prefix(300))") }
        return start.duration(to: .now) / .milliseconds(1)
    }

    private func timeOfPython() throws -> Double {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-I", "-c", "pass"]
        let start = ContinuousClock.now
        try process.run()
        process.waitUntilExit()
        return start.duration(to: .now) / .milliseconds(1)
    }
}
