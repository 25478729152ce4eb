/// Collects the columns of an `UPDATE` that really change, for bodies whose fields may be absent.
package struct SetClause: Sendable {
    private var assignments: [SQLText] = []

    package init() {}

    package mutating func set(_ column: StaticString, _ value: some SQLBindable) {
        assignments.append("\(SQLText(column)) = \(value)")
    }

    package var isEmpty: Bool { assignments.isEmpty }

    /// `a = $1, b = $2`, in the order of the calls.
    package var sql: SQLText { .joined(assignments, separator: ", ") }
}
