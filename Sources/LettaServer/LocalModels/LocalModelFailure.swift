/// Why a local model could not be installed, in words for the person who tried.
package enum LocalModelFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case unknownModel(String)
    case diskFull(needed: Int64, free: Int64, folder: String)
    case missingProgram(String, package: String)
    /// A program of ours that ended badly, with the end of what it wrote.
    case programFailed(String, output: String)
    case wrongContent(String, expected: String, found: String)
    case file(String, reason: String)
    case installing(folder: String)

    package var description: String {
        switch self {
        case .unknownModel(let name):
            "There is no model '\(name)'. Choose one of: \(Self.choices)."
        case .diskFull(let needed, let free, let folder):
            """
            \(Megabytes(needed)) are needed in \(folder) and \(Megabytes(free)) are free. Make room, or choose another \
            folder with --data-dir.
            """
        case .missingProgram(let program, let package):
            "\(program) is missing. On Debian: apt-get install \(package)"
        case .programFailed(let program, let output):
            "\(program) failed:\n\(output)"
        case .wrongContent(let file, let expected, let found):
            """
            \(file) is not what it should be (sha256 \(found) instead of \(expected)). It was not installed. Run the \
            command again; if it stays like this, the package index does not deliver the file this version was made for.
            """
        case .file(let path, let reason):
            "\(path): \(reason)"
        case .installing(let folder):
            "Another installation is at work in \(folder). Wait for it to end."
        }
    }

    private static var choices: String {
        ModelCatalogue.models.map { "\($0.shortName) (\($0.name))" }.joined(separator: ", ")
    }
}

/// A number of bytes as people read it.
package struct Megabytes: CustomStringConvertible {
    let bytes: Int64

    package init(_ bytes: Int64) {
        self.bytes = bytes
    }

    package var description: String { "\((bytes + 500_000) / 1_000_000) MB" }
}
