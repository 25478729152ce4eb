/// A piece of SQL whose values are bound, never spliced into the text.
///
/// `\(value)` binds, `\(fragment)` splices another `SQLText`, `\(list: values)` expands to one bound
/// parameter for each value. A `String` can only ever be bound: text comes from literals alone.
///
/// PostgreSQL infers a parameter's type from its place and takes it for text where nothing says more: there,
/// as in `SELECT \(5)` or `\(name) IS NULL`, write `CAST(\(5) AS BIGINT)`.
package struct SQLText: Sendable, ExpressibleByStringInterpolation {
    /// With a `?` for each value, as SQLite takes it.
    package private(set) var text: String
    /// The values, in the order of their places.
    package private(set) var binds: [SQLValue]

    private init(text: String, binds: [SQLValue]) {
        self.text = text
        self.binds = binds
    }

    package init(stringLiteral value: String) {
        self.init(text: Self.checked(value), binds: [])
    }

    package init(stringInterpolation: StringInterpolation) {
        self.init(text: stringInterpolation.text, binds: stringInterpolation.binds)
    }

    /// Tells whether there is nothing to run or splice.
    package var isEmpty: Bool { text.isEmpty }

    package static func joined(_ parts: [SQLText], separator: SQLText) -> SQLText {
        var all = SQLText(text: "", binds: [])
        for (index, part) in parts.enumerated() {
            for piece in index > 0 ? [separator, part] : [part] {
                all.text += piece.text
                all.binds += piece.binds
            }
        }
        return all
    }

    /// The text with `$1…$N` for the values, as PostgreSQL takes it.
    package var numbered: String {
        var numbered = ""
        numbered.reserveCapacity(text.utf8.count + binds.count * 2)
        for (number, piece) in text.split(separator: "?", omittingEmptySubsequences: false).enumerated() {
            if number > 0 { numbered += "$\(number)" }
            numbered += piece
        }
        return numbered
    }

    /// A `?` that is written in the source would be taken for the place of a value.
    private static func checked(_ literal: String) -> String {
        precondition(!literal.holds(UInt8(ascii: "?")), "a question mark in SQL")
        return literal
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""
        fileprivate var binds: [SQLValue] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount)
            binds.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += SQLText.checked(literal)
        }

        package mutating func appendInterpolation(_ value: some SQLBindable) {
            bind(value.sqlValue)
        }

        /// `nil` binds NULL. An overload of its own, because the compiler warns of optionals in the general one.
        package mutating func appendInterpolation(_ value: (some SQLBindable)?) {
            bind(value?.sqlValue ?? .null)
        }

        package mutating func appendInterpolation(_ fragment: SQLText) {
            text += fragment.text
            binds += fragment.binds
        }

        /// For `IN (\(list: values))`. No value at all becomes `NULL`, which `IN` never matches; `NOT IN (NULL)`
        /// matches nothing either, so leave that clause out when the list is empty.
        package mutating func appendInterpolation(list values: [some SQLBindable]) {
            guard !values.isEmpty else {
                text += "NULL"
                return
            }
            for (index, value) in values.enumerated() {
                if index > 0 { text += ", " }
                bind(value.sqlValue)
            }
        }

        private mutating func bind(_ value: SQLValue) {
            text += "?"
            binds.append(value)
        }
    }
}
