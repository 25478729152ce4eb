import Synchronization

/// Maps the column names of one result to their places, shared by all of its rows.
package final class SQLColumns: Sendable {
    package let names: [String]
    /// Where the last name was found: rows are mostly read in the order of their columns.
    private let last = Atomic(-1)
    /// A name that stands for two columns maps to `ambiguous`.
    private let places: [String: Int]
    private let hasAmbiguousNames: Bool
    private static let ambiguous = -1

    package init(_ names: [String]) {
        self.names = names
        var places: [String: Int] = [:]
        places.reserveCapacity(names.count)
        for (place, name) in names.enumerated() {
            places[name] = places[name] == nil ? place : Self.ambiguous
        }
        self.places = places
        hasAmbiguousNames = places.count < names.count
    }

    func place(of name: String) throws(SQLFailure) -> Int {
        let next = last.load(ordering: .relaxed) + 1
        if !hasAmbiguousNames, next < names.count, names[next] == name {
            last.store(next, ordering: .relaxed)
            return next
        }
        guard let place = places[name] else {
            throw SQLFailure(.decoding, "the result has no column \(name), only \(names)")
        }
        guard place != Self.ambiguous else {
            throw SQLFailure(.decoding, "the result has two columns called \(name)")
        }
        last.store(place, ordering: .relaxed)
        return place
    }
}

/// One row of a result, read by column name.
package struct SQLRow: Sendable {
    private let columns: SQLColumns
    private let values: [SQLValue]

    package init(columns: SQLColumns, values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    package subscript<T: SQLReadable>(_ column: String) -> T {
        get throws(SQLFailure) {
            let value = values[try columns.place(of: column)]
            do throws(SQLFailure) {
                return try T(sqlValue: value)
            } catch {
                throw SQLFailure(error.kind, "column \(column): \(error.message)", sql: error.sql)
            }
        }
    }

    /// The first column, for results that have one.
    var first: SQLValue { values.first ?? .null }
}
