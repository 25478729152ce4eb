import LettaAPI
import Storage

/// The ids of the messages and conversations of one agent of a file: those of the file where they are to be kept and
/// nothing here has them, new ones otherwise.
struct ImportedIDs {
    /// Makes new ones.
    let new: IDSource
    private let messages: [String: AgentTransfer.Source.Origin]
    private let conversations: Set<String>

    init(
        _ entry: AgentFileDocument.AgentEntry, _ kept: AgentImport.KeptIDs, _ ids: IDSource, _ db: Transaction
    ) throws {
        new = ids
        let own = (entry.messages + entry.conversations.flatMap(\.messages)).map(\.id)
            .filter { kept.messages[$0] != nil }.withoutDuplicates
        let taken = try LettaImportStore.present(own, in: "message", db)
        messages = kept.messages.filter { !taken.contains($0.key) }
        let talks = entry.conversations.map(\.id).filter(kept.rows.contains)
        conversations = Set(talks).subtracting(try LettaImportStore.present(talks, in: "conversation", db))
    }

    func next() -> ID<Message> { new.next() }

    func conversation(_ id: String) -> ID<Conversation> { conversations.contains(id) ? ID(id) : new.next() }

    /// The id of a message of the file.
    func message(_ id: String) -> ID<Message> { messages[id] == nil ? new.next() : ID(id) }

    /// The row with the run and the step that it came from.
    func completed(_ row: MessageRow) -> MessageRow {
        guard let origin = messages[row.id.rawValue] else { return row }
        var row = row
        row.runID = origin.run.map { ID($0) }
        row.stepID = origin.step.map { ID($0) }
        return row
    }
}
