/// Holds every place where the SQL of the two engines differs.
package enum Dialect: Sendable, Hashable, CaseIterable {
    case sqlite
    case postgres

    /// Follows the type of a text column that is ordered or compared, so that both engines order by bytes.
    package var textCollation: SQLText {
        switch self {
        case .sqlite: ""
        case .postgres: #"COLLATE "C""#
        }
    }

    /// The type of a column of bytes.
    package var blobType: SQLText {
        switch self {
        case .sqlite: "BLOB"
        case .postgres: "BYTEA"
        }
    }

    /// Ends a `SELECT` that claims rows others must not claim. SQLite has one writer and needs nothing.
    package var forUpdateSkipLocked: SQLText {
        switch self {
        case .sqlite: ""
        case .postgres: "FOR UPDATE SKIP LOCKED"
        }
    }

    /// Ends a `SELECT` whose rows must not change before the transaction ends.
    package var forUpdate: SQLText {
        switch self {
        case .sqlite: ""
        case .postgres: "FOR UPDATE"
        }
    }

    /// A condition: `column` contains `text`, whatever the case of ASCII letters. Both engines fold only
    /// those (PostgreSQL because of the "C" collation), and `%` and `_` in `text` stand for themselves.
    package func contains(_ column: SQLText, _ text: String) -> SQLText {
        var pattern = "%"
        for character in text.unicodeScalars {
            if character == "%" || character == "_" || character == "\\" { pattern.unicodeScalars.append("\\") }
            pattern.unicodeScalars.append(character)
        }
        pattern += "%"
        return switch self {
        case .sqlite: #"lower(\#(column)) LIKE lower(\#(pattern)) ESCAPE '\'"#
        case .postgres:
            #"lower((\#(column)) COLLATE "C") LIKE lower(CAST(\#(pattern) AS TEXT) COLLATE "C") ESCAPE '\'"#
        }
    }

    // MARK: - Texts found by their words

    /// The statements that make a table of texts found by their words, with the columns `key` and `words`.
    ///
    /// The words are made by the caller, the same for both engines; here they are only kept and looked up. `key` is
    /// for reading alone: a row is found by its words, so one of them has to be the key.
    package func makeWordTable(_ table: SQLText, key: SQLText) -> [SQLText] {
        switch self {
        case .sqlite:
            // The dash is a letter, so that an id is one word.
            [
                """
                CREATE VIRTUAL TABLE \(table) USING fts5(
                    \(key) UNINDEXED, words, tokenize = "unicode61 remove_diacritics 0 tokenchars '-'"
                )
                """
            ]
        case .postgres:
            [
                "CREATE TABLE \(table) (\(key) TEXT \(textCollation) PRIMARY KEY, words TSVECTOR NOT NULL)",
                "CREATE INDEX \(table)_by_word ON \(table) USING GIN (words)",
            ]
        }
    }

    /// The same for words in which no letter is to be folded, without their places in the text: half the size.
    package func makeWordIndex(_ table: SQLText, key: SQLText) -> [SQLText] {
        switch self {
        case .sqlite:
            // All characters that are not ASCII are letters here, and the dash is one: a word is what is between spaces.
            [
                """
                CREATE VIRTUAL TABLE \(table) USING fts5(
                    \(key) UNINDEXED, words, tokenize = "ascii tokenchars '-'", detail = none, columnsize = 0
                )
                """
            ]
        case .postgres: makeWordTable(table, key: key)
        }
    }

    /// Orders the rows of such a table, those that were stored last first.
    ///
    /// - Parameter time: a column with a number that says when. SQLite needs none and stops reading at the limit.
    package func lastStoredFirst(in table: SQLText, time: SQLText) -> SQLText {
        switch self {
        case .sqlite: "\(table).rowid DESC"
        // A sum, or the planner may walk an index by time and look for the words in each row.
        case .postgres: "\(time) + 0 DESC"
        }
    }

    /// The value of column `words` of such a table. No word may be empty or have a space in it.
    package func words(_ words: [String]) -> SQLText {
        let text = words.joined(separator: " ")
        return switch self {
        case .sqlite: "\(text)"
        case .postgres: "array_to_tsvector(string_to_array(\(text), ' '))"
        }
    }

    /// A condition on such a table: the row has one word of each of the groups.
    ///
    /// Nothing in a word is syntax: each is quoted for its engine's query language, and the query is bound.
    package func hasWords(in table: SQLText, _ groups: [[String]]) -> SQLText {
        func query(_ quote: Unicode.Scalar, and: String, or: String) -> String {
            groups.map { group in
                "(\(group.map { Self.quoted($0, with: quote) }.joined(separator: or)))"
            }.joined(separator: and)
        }
        return switch self {
        case .sqlite: "\(table) MATCH \(query("\"", and: " AND ", or: " OR "))"
        case .postgres: "\(table).words @@ CAST(\(query("'", and: " & ", or: " | ")) AS TSQUERY)"
        }
    }

    /// The word between quotes; those inside it, and the backslashes that PostgreSQL heeds there, are doubled.
    private static func quoted(_ word: String, with quote: Unicode.Scalar) -> String {
        var text = String.UnicodeScalarView([quote])
        for scalar in word.unicodeScalars {
            if scalar == quote || (scalar == "\\" && quote == "'") { text.append(scalar) }
            text.append(scalar)
        }
        text.append(quote)
        return String(text)
    }

    // MARK: - For the migrator and the query plan

    /// A query whose one value tells whether the table exists.
    func tableExists(_ table: String) -> SQLText {
        switch self {
        case .sqlite: "SELECT COUNT(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = \(table)"
        case .postgres:
            // Not to_regclass: its cache may miss what another process made while we waited for the lock.
            "SELECT COUNT(*) > 0 FROM pg_tables WHERE schemaname = current_schema() AND tablename = \(table)"
        }
    }

    /// Opens a migration's transaction: one process migrates at a time, and however long it takes.
    var migrationPreamble: [SQLText] {
        switch self {
        case .sqlite: []
        case .postgres:
            [
                "SET LOCAL statement_timeout = 0",
                "SET LOCAL lock_timeout = 0",
                // Any number will do, as long as it stays the same in every version.
                "SELECT pg_advisory_xact_lock(6073214521986)",
            ]
        }
    }
}
