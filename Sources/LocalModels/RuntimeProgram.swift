import FoundationEssentials
import Glibc

/// Finds the `llama-server` executable.
package struct RuntimeProgram: Sendable {
    /// The version that `models install` builds.
    static let version = "0.3.36"

    private let dataFolder: String
    private let configured: String?
    private let searchPath: String
    private let packaged: String?

    /// - Parameters:
    ///   - configured: the value of `LETTA_LLAMA_SERVER`.
    ///   - searchPath: the value of `PATH`.
    ///   - packaged: the one that came with the server.
    package init(
        dataFolder: String, configured: String?, searchPath: String = Self.searchPath,
        packaged: String? = Self.packaged
    ) {
        self.dataFolder = dataFolder
        self.configured = configured
        self.searchPath = searchPath
        self.packaged = packaged
    }

    package static var searchPath: String { getenv("PATH").map { String(cString: $0) } ?? "" }

    /// Where `models install` puts its build.
    package var ownPath: String { "\(dataFolder)/runtime/llama-server-\(Self.version)" }

    /// Where a package has it: `lib/letta-server/llama-server` beside the folder `bin` of this program.
    package static let packaged: String? = {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        let parts = program.split(separator: "/")
        guard parts.dropLast().last == "bin" else { return nil }
        return (parts.dropLast(2) + ["lib", "letta-server", "llama-server"]).map { "/\($0)" }.joined()
    }()

    /// The configured program, else the first on the search path, else the packaged one, else the one built by
    /// `models install`.
    ///
    /// Returns nil when the configured program is not executable: an explicit setting has no fallback.
    package func find() -> String? {
        if let configured { return Self.isExecutable(configured) ? configured : nil }
        return Self.find("llama-server", in: searchPath)
            ?? [packaged, ownPath].compactMap { $0 }.first(where: Self.isExecutable)
    }

    static func find(_ name: String, in searchPath: String) -> String? {
        searchPath.split(separator: ":").map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    static func isExecutable(_ path: String) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory
            && access(path, X_OK) == 0
    }
}
