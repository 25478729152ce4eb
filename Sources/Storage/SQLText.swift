/// A piece of SQL whose values are bound, never spliced into the text.
///
/// `\(value)` binds, `\(fragment)` splices another `SQLText`, `\(list: values)` expands to one bound
/// parameter for each value. A `String` can only ever be bound: text comes from literals alone.
///
/// PostgreSQL infers a parameter's type from its place and takes it for text where nothing says more: there,
/// as in `SELECT \(5)` or `\(name) IS NULL`, write `CAST(\(5) AS BIGINT)`.
package struct SQLText: Sendable, ExpressibleByStringInterpolation {
    enum Part: Sendable {
        case text(String)
        case bind(SQLValue)
    }

    var parts: [Part]

    init(parts: [Part]) {
        self.parts = parts
    }

    /// SQL known at compile time, such as a column's name.
    package init(_ text: StaticString) {
        parts = [.text(text.description)]
    }

    package init(stringLiteral value: String) {
        parts = [.text(value)]
    }

    package init(stringInterpolation: StringInterpolation) {
        parts = stringInterpolation.parts
    }

    /// Tells whether there is nothing to run or splice.
    package var isEmpty: Bool {
        parts.allSatisfy { part in
            if case .text(let text) = part { text.isEmpty } else { false }
        }
    }

    package static func joined(_ parts: [SQLText], separator: SQLText) -> SQLText {
        var all: [Part] = []
        for (index, part) in parts.enumerated() {
            if index > 0 { all += separator.parts }
            all += part.parts
        }
        return SQLText(parts: all)
    }

    /// The text with `$1…$N` in the order of the values that are bound to them.
    package func rendered() -> (text: String, binds: [SQLValue]) {
        rendered(placeholder: "$")
    }

    /// The text with numbered placeholders that start with `placeholder`: SQLite needs `?`, since it takes
    /// `$2` for a name and numbers names by first appearance.
    package func rendered(placeholder: Character) -> (text: String, binds: [SQLValue]) {
        var text = ""
        var binds: [SQLValue] = []
        for part in parts {
            switch part {
            case .text(let piece):
                text += piece
            case .bind(let value):
                binds.append(value)
                text.append(placeholder)
                text += String(binds.count)
            }
        }
        return (text, binds)
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        var parts: [Part] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            parts.reserveCapacity(interpolationCount * 2 + 1)
        }

        package mutating func appendLiteral(_ literal: String) {
            if !literal.isEmpty { parts.append(.text(literal)) }
        }

        package mutating func appendInterpolation(_ value: some SQLBindable) {
            parts.append(.bind(value.sqlValue))
        }

        /// `nil` binds NULL. An overload of its own, because the compiler warns of optionals in the general one.
        package mutating func appendInterpolation(_ value: (some SQLBindable)?) {
            parts.append(.bind(value.sqlValue))
        }

        package mutating func appendInterpolation(_ fragment: SQLText) {
            parts += fragment.parts
        }

        /// For `IN (\(list: values))`. No value at all becomes `NULL`, which `IN` never matches; `NOT IN (NULL)`
        /// matches nothing either, so leave that clause out when the list is empty.
        package mutating func appendInterpolation(list values: [some SQLBindable]) {
            guard !values.isEmpty else {
                parts.append(.text("NULL"))
                return
            }
            for (index, value) in values.enumerated() {
                if index > 0 { parts.append(.text(", ")) }
                parts.append(.bind(value.sqlValue))
            }
        }
    }
}
