/// Why a local model could not be installed; the description is shown to the user.
package enum LocalModelFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case unknownModel(String)
    case diskFull(needed: Int64, free: Int64, folder: String)
    case missingProgram(String, package: String)
    /// A child process failed; `output` is the end of its output.
    case programFailed(String, output: String)
    case wrongContent(String, expected: String, found: String)
    case file(String, reason: String)
    case installing(folder: String)

    package var description: String {
        switch self {
        case .unknownModel(let name):
            "Unknown model '\(name)'. The models are: \(Self.choices)."
        case .diskFull(let needed, let free, let folder):
            """
            Not enough disk space in \(folder): \(Megabytes(needed)) needed, \(Megabytes(free)) free. Free some space, or \
            choose another folder with --data-dir.
            """
        case .missingProgram(let program, let package):
            "\(program) was not found. On Debian: apt-get install \(package)"
        case .programFailed(let program, let output):
            "\(program) failed:\n\(output)"
        case .wrongContent(let file, let expected, let found):
            """
            Checksum mismatch: \(file) has SHA-256 \(found), expected \(expected). Nothing was installed. Retry; if the \
            error persists, the package index serves another file than this version expects.
            """
        case .file(let path, let reason):
            "\(path): \(reason)"
        case .installing(let folder):
            "Another installation is running in \(folder). Wait until it has finished."
        }
    }

    private static var choices: String {
        ModelCatalogue.models.map { "\($0.shortName) (\($0.name))" }.joined(separator: ", ")
    }
}

/// A number of bytes, printed in megabytes.
package struct Megabytes: CustomStringConvertible {
    let bytes: Int64

    package init(_ bytes: Int64) {
        self.bytes = bytes
    }

    package var description: String { "\((bytes + 500_000) / 1_000_000) MB" }
}
