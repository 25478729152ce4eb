import CLibPQ
import Storage

/// A failure with its SQLSTATE.
struct PostgresError: Error {
    var failure: SQLFailure
    /// Five characters such as "23505"; empty when the server sent none.
    var state: String

    /// Reads a result that is not a success.
    init(_ result: OpaquePointer, sql: String) {
        func field(_ code: Character) -> String? {
            code.asciiValue.flatMap { PQresultErrorField(result, Int32($0)) }.map { String(cString: $0) }
        }
        // The fields of <postgres_ext.h>: C the state, M the message without the values, n the constraint.
        let state = field("C") ?? ""
        let message = field("M") ?? String(cString: PQresultErrorMessage(result))
        self.state = state
        failure = SQLFailure(
            Self.kind(ofState: state, constraint: field("n") ?? ""),
            "\(message) (PostgreSQL \(state.isEmpty ? "without a state" : state))", sql: sql)
    }

    init(_ failure: SQLFailure) {
        self.failure = failure
        state = ""
    }

    /// A serialization failure or a deadlock.
    var isWorthAnotherTry: Bool { state == "40001" || state == "40P01" }

    /// The connection is lost (no state), or the server is about to end it.
    var endsConnection: Bool { state.isEmpty || state.hasPrefix("08") || state.hasPrefix("57P") }

    private static func kind(ofState state: String, constraint: String) -> SQLFailure.Kind {
        switch state {
        case "23505": .uniqueViolation(constraint)
        case "23503": .foreignKeyViolation
        case "23502", "23514": .checkViolation
        // Locks, deadlocks, rows that changed under the transaction.
        case "55P03", "40P01", "40001": .busy
        // Either our cancel or the timeout; the connection knows whether it asked.
        case "57014": .timedOut
        case "57P01", "57P02", "57P03", "25006", "XX001", "XX002": .unavailable
        // Values of a wrong form: NUL, numbers out of range, text that is no number.
        case "22021", "22003", "22P02", "22P03": .decoding
        default:
            switch state.prefix(2) {
            // The connection, resources, the server's system; no state at all when nobody answered.
            case "08", "53", "58", "": .unavailable
            default: .other
            }
        }
    }
}
