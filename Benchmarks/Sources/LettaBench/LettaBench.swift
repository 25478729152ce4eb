import Foundation

/// Measures the release binary against baselines of the same run and fails when a limit is missed.
@main struct LettaBench {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard let binary = arguments.first, arguments.dropFirst().allSatisfy(parts.contains) else {
            print("usage: LettaBench SERVER-BINARY [PART]...   where a part is one of \(parts.joined(separator: ", "))")
            exit(2)
        }
        OpenFiles.raiseLimit()
        exit(run(binary, arguments.count > 1 ? Array(arguments.dropFirst()) : parts))
    }

    private static let parts = ["requests", "turns", "streams", "tools"]

    private static func run(_ binary: String, _ parts: [String]) -> Int32 {
        let folder = NSTemporaryDirectory() + "letta-bench-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            var report = Report()
            if parts.contains("requests") { try Measurements(binary: binary, folder: folder).add(to: &report) }
            if parts.contains("turns") { try TurnMeasurements(binary: binary, folder: folder).add(to: &report) }
            if parts.contains("streams") { try StreamMeasurements(binary: binary, folder: folder).add(to: &report) }
            if parts.contains("tools") { try ToolMeasurements(binary: binary, folder: folder).add(to: &report) }
            return report.printed() ? 0 : 1
        } catch {
            print("failed: \(error)")
            return 1
        }
    }
}
