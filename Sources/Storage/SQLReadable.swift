/// Lets a type be read out of a result column.
///
/// Reading is strict: a column of another kind is a `.decoding` failure, so that a column type or a
/// missing `CAST` that only one engine would forgive is found by the tests.
package protocol SQLReadable: SendableMetatype {
    init(sqlValue: SQLValue) throws(SQLFailure)
}

extension SQLFailure {
    /// The failure of reading `value` as a type it can not be.
    package static func mismatch(_ value: SQLValue, expected: String) -> SQLFailure {
        SQLFailure(.decoding, "expected \(expected), found \(value.kindName)")
    }
}

extension SQLValue: SQLReadable {
    package init(sqlValue: SQLValue) { self = sqlValue }
}

extension String: SQLReadable {
    package init(sqlValue: SQLValue) throws(SQLFailure) {
        guard case .text(let text) = sqlValue else { throw .mismatch(sqlValue, expected: "text") }
        self = text
    }
}

extension Int64: SQLReadable {
    package init(sqlValue: SQLValue) throws(SQLFailure) {
        guard case .integer(let number) = sqlValue else { throw .mismatch(sqlValue, expected: "integer") }
        self = number
    }
}

extension Int: SQLReadable {
    package init(sqlValue: SQLValue) throws(SQLFailure) {
        self = Int(try Int64(sqlValue: sqlValue))
    }
}

extension Double: SQLReadable {
    /// Integers are taken too: SQLite gives them for whole numbers in computed columns.
    package init(sqlValue: SQLValue) throws(SQLFailure) {
        switch sqlValue {
        case .real(let number): self = number
        case .integer(let number): self = Double(number)
        default: throw .mismatch(sqlValue, expected: "real")
        }
    }
}

extension Bool: SQLReadable {
    /// Takes SQLite's 0 and 1 as well as PostgreSQL's booleans.
    package init(sqlValue: SQLValue) throws(SQLFailure) {
        switch sqlValue {
        case .boolean(let flag): self = flag
        case .integer(0), .text("f"): self = false
        case .integer(1), .text("t"): self = true
        default: throw .mismatch(sqlValue, expected: "boolean")
        }
    }
}

extension [UInt8]: SQLReadable {
    /// Takes text too, as its UTF-8 bytes: documents pass from the row to the response unparsed.
    package init(sqlValue: SQLValue) throws(SQLFailure) {
        switch sqlValue {
        case .blob(let bytes): self = bytes
        case .text(let text): self = Array(text.utf8)
        default: throw .mismatch(sqlValue, expected: "blob")
        }
    }
}

extension Optional: SQLReadable where Wrapped: SQLReadable {
    package init(sqlValue: SQLValue) throws(SQLFailure) {
        if case .null = sqlValue {
            self = nil
            return
        }
        self = try Wrapped(sqlValue: sqlValue)
    }
}
