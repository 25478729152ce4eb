import FoundationEssentials
import Glibc

/// Finds the program that runs models, `llama-server`.
package struct RuntimeProgram: Sendable {
    /// The version this server builds for itself.
    static let version = "0.3.36"

    private let dataFolder: String
    private let chosen: String?
    private let searchPath: String

    /// `chosen` is what `LETTA_LLAMA_SERVER` says; `searchPath` is `PATH`.
    package init(dataFolder: String, chosen: String?, searchPath: String = Self.searchPath) {
        self.dataFolder = dataFolder
        self.chosen = chosen
        self.searchPath = searchPath
    }

    package static var searchPath: String { getenv("PATH").map { String(cString: $0) } ?? "" }

    /// Where `models install` puts the one it builds.
    package var ownPath: String { "\(dataFolder)/runtime/llama-server-\(Self.version)" }

    /// The program to run: the chosen one, else one on the search path, else the one that was built here.
    ///
    /// A chosen one that can't be run is not replaced by another, because the choice was meant.
    package func find() -> String? {
        if let chosen { return Self.isProgram(chosen) ? chosen : nil }
        return Self.find("llama-server", in: searchPath) ?? (Self.isProgram(ownPath) ? ownPath : nil)
    }

    static func find(_ name: String, in searchPath: String) -> String? {
        searchPath.split(separator: ":").map { "\($0)/\(name)" }.first(where: isProgram)
    }

    static func isProgram(_ path: String) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory
            && access(path, X_OK) == 0
    }
}
