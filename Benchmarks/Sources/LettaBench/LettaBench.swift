import Foundation

/// Measures the release binary against baselines of the same run and fails when a limit is missed.
@main struct LettaBench {
    static func main() {
        guard CommandLine.arguments.count == 2 else {
            print("usage: LettaBench SERVER-BINARY")
            exit(2)
        }
        exit(run(CommandLine.arguments[1]))
    }

    private static func run(_ binary: String) -> Int32 {
        let folder = NSTemporaryDirectory() + "letta-bench-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let report = try Measurements(binary: binary, folder: folder).report()
            return report.printed() ? 0 : 1
        } catch {
            print("failed: \(error)")
            return 1
        }
    }
}
