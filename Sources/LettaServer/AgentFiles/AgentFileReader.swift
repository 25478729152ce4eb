import JSON
import LettaAPI

/// Reads agent files: of every version of the format, also those that were encoded twice.
enum AgentFileReader {
    /// How often a file may be wrapped in a JSON string.
    private static let mostWrappings = 3
    private static let parser = JSONParser(options: [.removeNUL, .replaceLoneSurrogates])

    /// - Throws: `APIError` 400 that names the first invalid field.
    static func document(_ bytes: [UInt8]) throws -> AgentFileDocument {
        try document(object(bytes))
    }

    /// - Throws: `APIError` 400 that names the first invalid field.
    static func document(_ object: JSONObject) throws -> AgentFileDocument {
        guard object["agents"] != nil else {
            let old =
                "Legacy AgentSchema format is deprecated. Please use the new AgentFileSchema format with 'agents' field."
            throw APIError(
                400,
                FlatAgentFile.isFlat(object)
                    ? "\(old) `letta-server import FILE` converts such a file and imports it."
                    : "\(old) This file has no agent in either format: it lacks the list 'agents'.")
        }
        let missing = AgentFileDocument.required.filter { object[$0] == nil }
        guard missing.isEmpty else { throw invalid(missing.map { ($0, "Field required", "missing") }) }
        do throws(JSONDecodingFailure) {
            return try JSONDecoding(scalars: .lax).decode(AgentFileDocument.self, from: .object(object))
        } catch {
            let place = error.path.map(\.description).joined(separator: ".")
            throw invalid([(place, error.problem.message, error.problem == .missing ? "missing" : "value_error")])
        }
    }

    /// The object in a file, without a byte order mark and out of the strings around it.
    ///
    /// - Throws: `APIError` 400 when the file has no object.
    static func object(_ bytes: [UInt8]) throws -> JSONObject {
        guard !bytes.starts(with: "SQLite format 3\0".utf8) else {
            throw APIError(
                400,
                """
                This is an SQLite database and no agent file. A database of Letta is imported with \
                `letta-server import --from sqlite:///PATH`.
                """)
        }
        // Where the syntax is wrong does not help anybody: such files are truncated, or no agent files.
        guard case .object(let object)? = try? value(bytes) else { throw APIError(400, "Corrupted agent file format.") }
        return object
    }

    private static func value(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONValue {
        let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        var value = try parser.parse(isMarked ? Array(bytes.dropFirst(3)) : bytes)
        for _ in 0..<mostWrappings {
            guard case .string(let text) = value else { break }
            value = try parser.parse(text)
        }
        return value
    }

    /// In the words of the peer's validation.
    private static func invalid(_ problems: [(place: String, message: String, type: String)]) -> APIError {
        let count = "\(problems.count) validation error\(problems.count == 1 ? "" : "s") for AgentFileSchema"
        return APIError(
            400, ([count] + problems.map { "\($0.place)\n  \($0.message) [type=\($0.type)]" }).joined(separator: "\n"))
    }
}

extension JSONDecodingFailure.Problem {
    var message: String {
        switch self {
        case .missing: "Field required"
        case .wrongType(let expected), .unparsable(let expected): "Input should be a valid \(expected)"
        case .notWhole: "Input should be a whole number"
        case .outOfRange: "The number is out of range"
        case .enumeration(let values): "Input should be one of \(values.joined(separator: ", "))"
        case .invalid(let message): message
        }
    }
}

/// 400 for what an agent file says in one place.
struct AgentFileProblem {
    static let prefix = "The agent file is not valid: "

    static func at(_ place: String, _ text: String) -> APIError {
        APIError(400, "\(prefix)\(place): \(text)")
    }
}
