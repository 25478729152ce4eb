import AgentEngine
import JSON
import LettaAPI
import Storage

/// Agents one by one: first the agent with its links, then its messages some at a time, then its conversations.
extension LettaImport {
    private static let messagesAtOnce = 200

    mutating func takeAgents() async throws {
        let source = source
        let (agents, messages) = (try await source.count("agents"), try await source.count("messages"))
        var (done, read) = (0, 0)
        progress(Progress(noun: "agents", done: 0, total: agents))
        var key: [SQLValue]?
        while true {
            let page = try await source.page("agents", after: key, limit: 50)
            guard let last = page.last else { break }
            key = last.key
            for row in page {
                var agent = try await LettaAgent(row, source)
                try await agent.decryptVariables(source)
                if try await begin(agent), !onlyCounts {
                    try await takeMessages(of: agent, &read, total: messages)
                    try await takeConversations(of: agent)
                    try await finish(agent)
                }
                done += 1
                progress(Progress(noun: "agents", done: done, total: max(done, agents)))
            }
        }
    }

    /// Stores the agent unless it is here.
    ///
    /// - Returns: whether there is more to do for it.
    private mutating func begin(_ agent: LettaAgent) async throws -> Bool {
        let organization = agent.row.organization
        do {
            let (core, box, renamed) = (core, box, renamedTools)
            let (isOpen, findings) = try await core.storage.write(as: scope(organization)) {
                db -> (Bool, LettaWriter.Findings) in
                guard try LettaImportStore.accountExists(organization, in: "organization", db) else {
                    throw LettaRowProblem("its organization does not exist")
                }
                var writer = LettaWriter(db, ids: core.ids, box: box, at: core.now())
                if try AgentStore.exists(agent.id, db) {
                    try agent.addSecrets(&writer)
                    let progress = try LettaImportStore.progress(of: agent.id, db)
                    return (progress.map { !$0.isFinished } ?? false, writer.findings)
                }
                try agent.store(&writer, renamed: renamed)
                return (true, writer.findings)
            }
            absorb(findings, "agents")
            return isOpen
        } catch {
            try Self.rethrow(error)
            leaveOut("agents", agent.row.id, LettaRowProblem.reason(error))
            return false
        }
    }

    // MARK: Messages

    private mutating func takeMessages(of agent: LettaAgent, _ read: inout Int, total: Int) async throws {
        let (stored, tools, done) = try await core.storage.read(as: scope(agent.row.organization)) { db in
            (
                try AgentStore.row(agent.id, db), try ToolStore.tools(of: [agent.id], db)[agent.id] ?? [],
                try LettaImportStore.progress(of: agent.id, db)
            )
        }
        guard let stored else { return }
        let messages = try LettaMessages(stored, tools: tools)
        let context = Dictionary(agent.context.enumerated().map { ($1, $0) }) { first, _ in first }
        var position = stored.nextMessagePosition
        var key = LettaKey.values(done?.lastKey ?? "")
        while true {
            let page = try await source.page(
                "messages", where: ("agent_id", agent.row.id), after: key, limit: Self.messagesAtOnce)
            guard let last = page.last else { return }
            key = last.key
            var rows: [MessageRow] = []
            for row in page {
                do {
                    rows.append(try messages.row(row, position: 0))
                } catch {
                    leaveOut("messages", row.id, LettaRowProblem.reason(error))
                }
            }
            position = try await store(rows, of: agent, context, from: position, to: LettaKey.text(last.key))
            read += page.count
            progress(Progress(noun: "messages", done: read, total: max(read, total)))
        }
    }

    /// Stores messages after the others of their agent, with the place that was read up to.
    ///
    /// - Returns: the position of the next message.
    private mutating func store(
        _ rows: [MessageRow], of agent: LettaAgent, _ context: [String: Int], from start: Int, to key: String
    ) async throws -> Int {
        let organization = agent.row.organization
        let (next, taken) = try await core.storage.write(as: scope(organization)) { db -> (Int, Set<String>) in
            let present = try LettaImportStore.present(rows.map(\.id.rawValue), in: "message", db)
            var position = start
            var places: [ID<Message>: Int] = [:]
            let new = rows.filter { !present.contains($0.id.rawValue) }.map { row -> MessageRow in
                var row = row
                row.position = position
                position += 1
                places[row.id] = row.conversationID == nil ? context[row.id.rawValue] : nil
                return row
            }
            try AgentTransferStore.insert(new, context: places, db)
            try LettaImportStore.advance(agent.id, to: key, nextPosition: position, db)
            return (position, present)
        }
        for id in taken.sorted() { leaveOut("messages", id, "a message with this id is here already") }
        return next
    }

    // MARK: Conversations

    private mutating func takeConversations(of agent: LettaAgent) async throws {
        for row in try await source.rows("conversations", of: "agent_id", agent.row.id) {
            let blocks = try await source.rows("blocks_conversations", of: "conversation_id", row.id)
            do {
                try await core.storage.write(as: scope(agent.row.organization)) { db in
                    guard try !db.exists(ID<Conversation>(row.id), in: ConversationStore.table) else { return }
                    try Self.store(row, blocks, db)
                }
                try await takeParts(of: row)
            } catch {
                try Self.rethrow(error)
                leaveOut("conversations", row.id, LettaRowProblem.reason(error))
            }
        }
    }

    private static func store(_ row: LettaRow, _ blocks: [LettaRow], _ db: Transaction) throws {
        var columns = row
        columns["created_at"] = .string(row.createdAt.wireText)
        columns["updated_at"] = .string(row.updatedAt.wireText)
        columns["system_compiled_at"] = columns["created_at"]
        columns["in_context_message_ids"] = []
        columns["isolated_block_ids"] = []
        columns.fill("archived", false)
        columns.fill("hidden", false)
        try db.insert(try columns.decode(ConversationRow.self), into: ConversationStore.table)
        let ids = blocks.compactMap { $0.text("block_id") }
        let present = try LettaImportStore.present(ids, in: "block", db)
        for (position, block) in blocks.enumerated() {
            guard let id = block.text("block_id"), present.contains(id), let label = block.text("block_label") else {
                continue
            }
            try ConversationStore.isolate(ID(id), as: label, position: position, in: ID(row.id), db)
        }
    }

    /// The messages of a conversation: its system message first, the others where they are among all of the agent.
    private mutating func takeParts(of conversation: LettaRow) async throws {
        let source = source
        var (place, missing) = (0, 0)
        var key: [SQLValue]?
        while true {
            let page = try await source.page(
                "conversation_messages", where: ("conversation_id", conversation.id), after: key, limit: 1_000)
            guard let last = page.last else { break }
            key = last.key
            let first = place
            let (next, dangling) = try await core.storage.write(as: scope(conversation.organization)) {
                db -> (Int, Int) in
                let positions = try LettaImportStore.positions(of: page.compactMap { $0.text("message_id") }, db)
                var place = first
                let parts = page.compactMap { row -> LettaImportStore.Part? in
                    guard let id = row.text("message_id"), let found = positions[id] else { return nil }
                    let isHead = found.isSystem && place == 0
                    let isInContext = row.flag("in_context") ?? false
                    defer { place += 1 }
                    return LettaImportStore.Part(
                        message: id, position: isHead ? -1 : found.position,
                        contextPosition: isInContext ? (isHead ? -1 : place) : nil)
                }
                try LettaImportStore.insert(parts, into: conversation.id, db)
                return (place, page.count - parts.count)
            }
            (place, missing) = (next, missing + dangling)
        }
        if missing > 0 {
            leaveOut("messages of conversations", conversation.id, "\(missing) of them do not exist")
        }
    }

    // MARK: The end

    private mutating func finish(_ agent: LettaAgent) async throws {
        let (approvals, time, ids) = (approvals, core.now(), core.ids)
        try await core.storage.write(as: scope(agent.row.organization)) { db in
            try FoundApprovals.note(of: agent.id, approvals, ids, db)
            try LettaImportStore.finish(agent.id, at: time, db)
        }
    }
}

/// The key of the last message that was read, as the text that is stored.
enum LettaKey {
    static func text(_ key: [SQLValue]) -> String {
        let values = key.map { value -> JSONValue in
            switch value {
            case .integer(let number): .int(number)
            case .text(let text): .string(text)
            default: .null
            }
        }
        return JSONWriter.string(of: JSONValue.array(values))
    }

    static func values(_ text: String) -> [SQLValue]? {
        guard let array = (try? JSONParser().parse(text))?.array else { return nil }
        return array.map { value in
            value.int.map { SQLValue.integer($0) } ?? value.string.map { SQLValue.text($0) } ?? .null
        }
    }
}
