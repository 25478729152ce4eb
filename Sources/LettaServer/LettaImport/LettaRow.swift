import JSON
import LettaAPI
import Storage

/// A row of a Letta database: its columns as JSON, in the form in which the API shows them.
struct LettaRow: Sendable {
    private(set) var columns: JSONObject
    /// The values that the rows were ordered by, as the database has them.
    let key: [SQLValue]

    init(_ columns: JSONObject, key: [SQLValue]) {
        self.columns = columns
        self.key = key
        self["created_by_id"] = self["_created_by_id"]
        self["last_updated_by_id"] = self["_last_updated_by_id"]
    }

    /// Null for a column that this version of the schema does not have.
    subscript(_ column: String) -> JSONValue {
        get { columns[column] ?? .null }
        set { columns[column] = newValue }
    }

    func text(_ column: String) -> String? { self[column].string }
    func time(_ column: String) -> Timestamp? { text(column).flatMap { Timestamp(iso8601: $0) } }
    func flag(_ column: String) -> Bool? { self[column].bool }
    func integer(_ column: String) -> Int? { self[column].int.flatMap { Int(exactly: $0) } }

    var id: String { text("id") ?? "" }
    var organization: String { text("organization_id") ?? Organization.defaultID.rawValue }
    var isDeleted: Bool { flag("is_deleted") ?? false }

    /// The time of a row that should have one.
    var createdAt: Timestamp { time("created_at") ?? Timestamp(microseconds: 0) }
    var updatedAt: Timestamp { time("updated_at") ?? createdAt }

    /// Gives a column that is null or missing a value.
    mutating func fill(_ column: String, _ value: JSONValue) {
        if self[column].isNull { self[column] = value }
    }

    /// - Throws: `LettaRowProblem` that names the column.
    func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        do throws(JSONDecodingFailure) {
            return try JSONDecoding(scalars: .lax).decode(type, from: .object(columns))
        } catch {
            let place = error.path.map(\.description).joined(separator: ".")
            throw LettaRowProblem("\(place): \(error.problem.message)")
        }
    }
}

/// Why a row is left out, for the report.
struct LettaRowProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// The reason for any failure of a row.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as LettaRowProblem: error.description
        case let error as APIError where error.explanation.hasPrefix(AgentFileProblem.prefix):
            String(error.explanation.dropFirst(AgentFileProblem.prefix.count))
        case let error as APIError: error.explanation
        case let error as SQLFailure:
            switch error.kind {
            case .uniqueViolation: "another one with its name is here already"
            case .foreignKeyViolation: "it refers to something that does not exist"
            default: error.message
            }
        default: "\(error)"
        }
    }
}
