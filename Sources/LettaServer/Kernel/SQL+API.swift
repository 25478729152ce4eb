package import JSON
package import LettaAPI
package import Storage

// Conversions between the value types of the API and those of the database.

extension ID: SQLBindable, SQLReadable {
    package var sqlValue: SQLValue { .text(rawValue) }

    package init(sqlValue: SQLValue) throws(SQLFailure) {
        self.init(try String(sqlValue: sqlValue))
    }
}

extension Timestamp: SQLBindable, SQLReadable {
    package var sqlValue: SQLValue { .integer(microseconds) }

    package init(sqlValue: SQLValue) throws(SQLFailure) {
        self.init(microseconds: try Int64(sqlValue: sqlValue))
    }
}

extension RawJSON: SQLBindable, SQLReadable {
    package var sqlValue: SQLValue { .text(text) }

    package init(sqlValue: SQLValue) throws(SQLFailure) {
        self.init(trusted: try String(sqlValue: sqlValue))
    }
}

extension ObjectDocument: SQLBindable, SQLReadable {
    package var sqlValue: SQLValue { json.sqlValue }

    package init(sqlValue: SQLValue) throws(SQLFailure) {
        self.init(stored: try String(sqlValue: sqlValue))
    }
}

extension Document: SQLBindable, SQLReadable {
    package var sqlValue: SQLValue { json.sqlValue }

    package init(sqlValue: SQLValue) throws(SQLFailure) {
        self.init(stored: try String(sqlValue: sqlValue))
    }
}

extension AgentType: SQLBindable, SQLReadable {
    package var sqlValue: SQLValue { .text(rawValue) }

    package init(sqlValue: SQLValue) throws(SQLFailure) {
        guard let type = AgentType(rawValue: try String(sqlValue: sqlValue)) else {
            throw SQLFailure(.decoding, "unknown agent type")
        }
        self = type
    }
}

extension MessageRole: SQLBindable, SQLReadable {
    package var sqlValue: SQLValue { .text(rawValue) }

    package init(sqlValue: SQLValue) throws(SQLFailure) {
        guard let role = MessageRole(rawValue: try String(sqlValue: sqlValue)) else {
            throw SQLFailure(.decoding, "unknown message role")
        }
        self = role
    }
}
