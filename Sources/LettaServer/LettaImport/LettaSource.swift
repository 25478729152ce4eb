import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage

/// A Letta database that is read from. Nothing is ever written to it.
struct LettaSource: Sendable {
    /// A column by what its values are.
    enum Column: Sendable {
        case plain, json, time, flag, vector
    }

    let storage: any StorageEngine
    /// The columns of each table, by name: each version of Letta has others.
    let tables: [String: [String: Column]]
    /// Nil where the key of its secrets is not known.
    var cipher: LettaCipher?

    /// - Parameter key: the `LETTA_ENCRYPTION_KEY` that Letta ran with.
    /// - Throws: `StartUpFailure` when it can't be read or holds something else.
    static func open(_ address: String, key: Secret? = nil, logger: Logger) async throws -> LettaSource {
        let storage = try await ServerStorage.openLetta(address, logger: logger)
        do {
            let source = LettaSource(
                storage: storage, tables: try await storage.read { try LettaSourceStore.tables($0) },
                cipher: key.map { LettaCipher(passphrase: $0.reveal()) })
            try source.check()
            return source
        } catch let failure as SQLFailure {
            await storage.close()
            throw StartUpFailure.storage("The Letta database can't be read: \(failure.message)")
        } catch {
            await storage.close()
            throw error
        }
    }

    private func check() throws {
        if has("server_setting"), has("agent"), !has("agents") {
            throw StartUpFailure.invalidSetting(
                "This is a database of letta-server itself: start the server on it (LETTA_PG_URI or --data-dir), or "
                    + "move its agents with letta-server export --all.")
        }
        guard isLetta else {
            throw StartUpFailure.invalidSetting(
                "This is no Letta database: it lacks the tables agents, messages and block of Letta 0.11 to 0.16.")
        }
    }

    var isLetta: Bool { has("agents", "id") && has("messages", "agent_id") && has("block", "id") }

    func has(_ table: String, _ column: String? = nil) -> Bool {
        guard let columns = tables[table] else { return false }
        return column.map { columns[$0] != nil } ?? true
    }

    func close() async { await storage.close() }

    // MARK: Rows

    /// What the rows of a table are ordered by: unique together.
    private func order(_ table: String) -> [String] {
        switch table {
        case "messages": has("messages", "sequence_id") ? ["sequence_id"] : ["created_at", "id"]
        case "conversation_messages": ["position", "id"]
        case "block_history": ["sequence_number"]
        default: ["id"]
        }
    }

    /// The rows after `key` that are not deleted, in the table's order; none when the table is missing.
    ///
    /// - Parameters:
    ///   - filter: a column and the value that it has.
    ///   - only: the columns to read; nil for all.
    func page(
        _ table: String, where filter: (column: String, value: String)? = nil, after key: [SQLValue]?,
        only: Set<String>? = nil, limit: Int
    ) async throws -> [LettaRow] {
        guard let columns = tables[table], filter.map({ columns[$0.column] != nil }) ?? true else { return [] }
        let order = order(table)
        let chosen = columns.filter { name, _ in only?.contains(name) ?? true || order.contains(name) }
        let request = LettaSourceStore.Request(
            table: table, columns: chosen, order: order, filter: filter, key: key, limit: limit,
            skipsDeleted: columns["is_deleted"] != nil)
        return try await storage.read { try LettaSourceStore.rows(request, $0) }
    }

    /// All rows of a table that belong to something: few, such as the blocks of an agent.
    func rows(_ table: String, of column: String, _ value: String) async throws -> [LettaRow] {
        guard let columns = tables[table], columns[column] != nil else { return [] }
        let order = columns["id"] != nil ? order(table) : columns.keys.filter { $0.hasSuffix("id") || $0 == "tag" }
        let request = LettaSourceStore.Request(
            table: table, columns: columns, order: order.sorted(), filter: (column, value), key: nil, limit: 100_000,
            skipsDeleted: columns["is_deleted"] != nil)
        return try await storage.read { try LettaSourceStore.rows(request, $0) }
    }

    /// The row with its secrets decrypted, where their key is known.
    func decrypted(_ row: LettaRow) async throws -> LettaRow {
        try await cipher?.decrypted(row) ?? row
    }

    /// The number of rows that are not deleted.
    func count(_ table: String) async throws -> Int {
        guard let columns = tables[table] else { return 0 }
        let skipsDeleted = columns["is_deleted"] != nil
        return try await storage.read { try LettaSourceStore.count(table, skipsDeleted: skipsDeleted, $0) }
    }

    /// Calls `body` with all rows of a table, some at a time.
    func pages(
        _ table: String, where filter: (column: String, value: String)? = nil, only: Set<String>? = nil,
        size: Int = 200, _ body: ([LettaRow]) async throws -> Void
    ) async throws {
        var key: [SQLValue]?
        while true {
            let rows = try await page(table, where: filter, after: key, only: only, limit: size)
            guard let last = rows.last else { return }
            try await body(rows)
            key = last.key
        }
    }
}
