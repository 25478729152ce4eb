import Crypto
import FoundationEssentials
import JSON
import LettaAPI
import ToolRuntime

/// The packages that a tool needs, as pip takes them.
struct ToolPackages: Sendable, Hashable {
    /// How far they are installed; a column of the tool.
    enum Status: String, Sendable {
        case pending, building, ready, failed
        /// The operator allows none.
        case off
        /// The source imports what is neither required nor here.
        case missing
    }

    /// What a tool shows that imports packages without requiring them.
    static func hint(_ names: [String]) -> String {
        let entries = names.map { "{\"name\": \"\($0)\"}" }.joined(separator: ", ")
        return
            "The source imports \(names.joined(separator: ", ")), which is not installed here. If that is what the package is "
            + "called, set pip_requirements to [\(entries)]."
    }

    static let most = 32
    private static let longestName = 100

    let requirements: [String]

    /// Nil for no requirements.
    ///
    /// - Throws: `APIError` 422 for what pip would take as an option, an address or a path.
    init?(_ given: [ToolRequirement]?) throws {
        guard let given, !given.isEmpty else { return nil }
        guard given.count <= Self.most else {
            throw APIError.invalidField(
                "pip_requirements", "a tool may have up to \(Self.most) packages", input: .int(Int64(given.count)))
        }
        requirements = try Set(given.map(Self.text)).sorted()
    }

    /// Nil for no requirements, and for what was stored before requirements were checked.
    init?(stored: RawJSON?) {
        let given = try? stored?.value().array?.map { entry in
            ToolRequirement(entry["name"]?.string ?? "", version: entry["version"]?.string)
        }
        guard let packages = try? ToolPackages(given) else { return nil }
        self = packages
    }

    /// The name of the folder that holds them: tools with the same requirements share it.
    var key: String {
        SHA256.hash(data: Data(requirements.joined(separator: "\n").utf8)).prefix(16)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func text(_ given: ToolRequirement) throws -> String {
        let name = given.name
        let letters = name.utf8.allSatisfy(Self.isLetter)
        let version = given.version ?? ""
        let isNamed =
            name.utf8.count <= longestName && letters && name.utf8.first.map(isAlphanumeric) == true
            && name.utf8.last.map { isAlphanumeric($0) || $0 == UInt8(ascii: "]") } == true
        guard isNamed else {
            throw APIError.invalidField(
                "pip_requirements", "a package has the name that it has at PyPI, such as numpy", input: .string(name))
        }
        guard version.utf8.count <= longestName, version.utf8.allSatisfy(isOfVersion) else {
            throw APIError.invalidField(
                "pip_requirements", "a version is a number such as 2.1.0, or a range such as >=2.1,<3",
                input: .string(version))
        }
        guard let first = version.utf8.first else { return name }
        return isAlphanumeric(first) ? "\(name)==\(version)" : "\(name)\(version)"
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "-_.[],".utf8.contains(byte) }

    private static func isOfVersion(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || ".*+!-_<>=~,".utf8.contains(byte)
    }
}
