import Glibc
import LettaAPI
import LocalModels

/// What is looked at on the server's own machine. The functions block for as long as a disk takes.
struct MachineChecks: Sendable {
    let dataFolder: String
    /// What runs local models; nil where they are switched off.
    let program: RuntimeProgram?

    /// In bytes: less is a warning, or too little.
    private static let scarce: UInt = 2_000_000_000
    private static let least: UInt = 200_000_000

    func disk() -> ServerCheck {
        var system = statvfs()
        guard statvfs(dataFolder, &system) == 0 else {
            return ServerCheck(
                .disk, .failed, "The data folder can't be examined: \(String(cString: strerror(errno)))",
                remedy: "Check that \(dataFolder) is there, and that the server may read it.")
        }
        let free = UInt(system.f_bavail) * UInt(system.f_frsize)
        let whole = UInt(system.f_blocks) * UInt(system.f_frsize)
        let state: ServerCheck.State = free < Self.least ? .failed : free < Self.scarce ? .warning : .ok
        return ServerCheck(
            .disk, state, "\(Self.gigabytes(free)) of \(Self.gigabytes(whole)) GB are free",
            remedy: state == .ok ? nil : "Make room on the disk of \(dataFolder): without it nothing is stored.")
    }

    private static func gigabytes(_ bytes: UInt) -> String {
        let tenths = bytes / 100_000_000
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : "\(tenths / 10)"
    }

    func localModels() -> ServerCheck {
        guard let program else { return ServerCheck(.localModel, .ok, "Local models are switched off") }
        let folder = ModelFolder(dataFolder: dataFolder)
        let installed = ModelCatalogue.models.filter(folder.isInstalled).map(\.name)
        guard !installed.isEmpty else {
            return ServerCheck(
                .localModel, .ok, "No local model is installed", remedy: "Install one: letta-server models install")
        }
        let names = installed.joined(separator: ", ")
        guard let path = program.find() else {
            return ServerCheck(
                .localModel, .failed, "llama-server, which runs \(names), was not found",
                remedy: "Run letta-server models install, or set LETTA_LLAMA_SERVER.")
        }
        return ServerCheck(.localModel, .ok, "\(names), run by \(path)")
    }
}
