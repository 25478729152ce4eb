import FoundationEssentials
import JSON
import LettaAPI
import Storage

/// How the rows of one table of Letta become rows here. Agents, with what is theirs alone, have their own way.
struct LettaNoun: Sendable {
    /// As the report calls the rows.
    let name: String
    let table: String
    /// The table here.
    let target: SQLText
    /// Whether there may be so many rows that a preview only counts them.
    var isLarge = false
    var pageSize = 200
    /// Reads what belongs to a row and is in other tables, and puts it into columns of their names.
    var gather: @Sendable (inout LettaRow, LettaSource) async throws -> Void = { _, _ in }
    /// Rows that the server has by itself are no part of an import.
    var isOwn: @Sendable (LettaRow) -> Bool = { _ in true }
    /// Inserts a row that is not here yet.
    let store: @Sendable (LettaRow, inout LettaWriter) throws -> Void
}

/// The open transaction of an import, with what it finds out.
struct LettaWriter {
    /// What the report says of stored rows.
    struct Findings: Sendable {
        var secrets: [String] = []
        var notes: [String] = []
        var leftOut: [(id: String, reason: String)] = []
        /// Tools that are another one here.
        var tools: [String: ID<Tool>] = [:]
    }

    let db: Transaction
    let ids: IDSource
    let box: SecretBox
    let time: Timestamp
    private(set) var findings = Findings()

    init(_ db: Transaction, ids: IDSource, box: SecretBox, at time: Timestamp) {
        self.db = db
        self.ids = ids
        self.box = box
        self.time = time
    }

    mutating func note(_ text: String) { findings.notes.append(text) }

    mutating func leaveOut(_ id: String, _ reason: String) { findings.leftOut.append((id, reason)) }

    mutating func replace(_ tool: String, by known: ID<Tool>) { findings.tools[tool] = known }

    /// A secret of a row, encrypted for its place here; nil when there is none or it can't be read.
    ///
    /// - Parameters:
    ///   - columns: the one with the clear text, and the one that Letta encrypts where it has a key.
    ///   - name: what the report calls it.
    mutating func seal(
        _ row: LettaRow, _ columns: (clear: String, encrypted: String), for place: String, _ name: String
    ) throws -> String? {
        let clear = row.text(columns.clear) ?? ""
        let encrypted = row.text(columns.encrypted) ?? ""
        if !clear.isEmpty, !(clear == encrypted && LettaSecret.isEncrypted(clear)) {
            return try box.seal(clear, for: place)
        }
        guard !encrypted.isEmpty else { return nil }
        guard !LettaSecret.isEncrypted(encrypted) else {
            findings.secrets.append(name)
            return nil
        }
        return try box.seal(encrypted, for: place)
    }
}

/// Secrets as Letta stores them: in clear text, or encrypted where it has a key.
enum LettaSecret {
    /// Salt, nonce and tag alone are longer than this, in bytes.
    private static let shortestEncrypted = 44

    /// Whether a text looks encrypted: base64 of so many bytes that are no text. Letta's way to encrypt is not
    /// documented, so it can't be read even with its key.
    static func isEncrypted(_ text: String) -> Bool {
        guard let bytes = Data(base64Encoded: text), bytes.count >= shortestEncrypted else { return false }
        return String(validating: bytes, as: UTF8.self) == nil
    }
}
