import JSON
import LettaAPI
import Storage

/// How the rows of one table of Letta become rows here. Agents, with what is theirs alone, have their own way.
struct LettaNoun: Sendable {
    typealias Store = @Sendable (LettaRow, inout LettaWriter) throws -> Void

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
    let store: Store
    /// Gives a row that is here the secrets that an import without their key left out; nil for a noun that has none.
    var addSecrets: Store?
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

    /// - Parameter secret: the name of one that can't be read.
    mutating func leaveOpen(_ secret: String) { findings.secrets.append(secret) }

    mutating func note(_ text: String) { findings.notes.append(text) }

    mutating func leaveOut(_ id: String, _ reason: String) { findings.leftOut.append((id, reason)) }

    mutating func replace(_ tool: String, by known: ID<Tool>) { findings.tools[tool] = known }

    /// A secret of a row, encrypted for its place here; nil when there is none or it can't be read.
    ///
    /// - Parameters:
    ///   - columns: the one that Letta once had for clear text, where old values may stand, and the one that it encrypts
    ///     where it has a key.
    ///   - name: what the report calls it.
    mutating func seal(
        _ row: LettaRow, _ columns: (clear: String, encrypted: String), for place: String, _ name: String
    ) throws -> String? {
        let clear = row.text(columns.clear) ?? ""
        let encrypted = row.text(columns.encrypted) ?? ""
        if !encrypted.isEmpty, !LettaSecret.isEncrypted(encrypted) { return try box.seal(encrypted, for: place) }
        // Named also where a clear text stands beside it: that may be an old value.
        if !encrypted.isEmpty { leaveOpen(name) }
        return clear.isEmpty || clear == encrypted ? nil : try box.seal(clear, for: place)
    }

    /// Whether a stored secret is the empty text that stands for one that could not be read.
    func isMissing(_ sealed: String, for place: String) throws -> Bool { try box.open(sealed, for: place).isEmpty }
}
