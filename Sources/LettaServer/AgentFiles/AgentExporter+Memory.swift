import AgentEngine
import JSON
import LettaAPI

/// What an agent remembers beside its blocks and its own messages.
extension AgentExporter {
    mutating func addMemory(to entry: inout AgentFileDocument.AgentEntry, _ agent: ID<AgentState>) throws {
        entry.archiveIDs = try ArchiveStore.archives(of: agent, db).map { archiveIDs[$0] }
        entry.identities = try AgentTransferStore.identities(of: agent, db).map { identityIDs[$0.id] }
    }

    mutating func addConversations(to entry: inout AgentFileDocument.AgentEntry, _ row: AgentRow) throws {
        for id in try AgentTransferStore.conversations(of: row.id, db) {
            let conversation = try ConversationService.row(id, db).wire
            var one = AgentFileDocument.ConversationEntry(conversation, id: "conversation-\(conversations)")
            conversations += 1
            let messages = try SystemMessageService.current(try AgentTransferStore.messages(of: id, db), db)
            one.messages = try messages.map {
                try .init($0, id: messageIDs[$0.id.rawValue], agent: entry.id, zone: row.timezone)
            }
            let context = try ConversationMessageStore.contextIDs(of: [id], db)[id] ?? []
            one.inContextMessageIDs = context.map { messageIDs[$0.rawValue] }
            let isolated = try ConversationStore.isolatedBlocks(of: [id], db)[id] ?? []
            one.isolatedBlocks = isolated.map { .init(label: $0.label, blockID: blockIDs[$0.block.id]) }
            entry.conversations.append(one)
        }
    }

    mutating func addIdentities() throws {
        let found = Dictionary(
            uniqueKeysWithValues: try db.fetch(IdentityStore.table, identityIDs.all).map { ($0.wire.id, $0.wire) })
        for id in identityIDs.all {
            guard let identity = found[id] else { continue }
            let blocks = try AgentTransferStore.blocks(of: id, db).map { blockIDs[$0] }
            let place = identityIDs[id]
            document.identities?.append(.init(identity, id: place, blocks: blocks))
        }
    }

    mutating func addArchives() throws {
        let found = Dictionary(
            uniqueKeysWithValues: try db.fetch(ArchiveStore.table, archiveIDs.all).map { ($0.id, $0) })
        for id in archiveIDs.all {
            guard let archive = found[id] else { continue }
            var entry = AgentFileDocument.ArchiveEntry(id: archiveIDs[id], name: archive.name)
            entry.description = archive.description
            entry.embeddingConfig = try archive.embeddingConfig?.content()
            entry.passages = try AgentTransferStore.passages(of: id, db).map { passage in
                var entry = AgentFileDocument.PassageEntry(text: passage.text)
                entry.tags = passage.tags
                entry.metadata = passage.metadata
                entry.createdAt = passage.createdAt
                return entry
            }
            document.archives?.append(entry)
        }
    }

    /// The skills of the request, and those that came with the agents.
    func skills(of agents: [ID<AgentState>]) throws -> [AgentFileDocument.SkillEntry] {
        let given = Set(options.skills.map(\.name))
        let kept = try AgentTransferStore.skills(of: agents, db).filter { !given.contains($0.key) }
        return options.skills
            + (try kept.sorted { $0.key < $1.key }.map {
                try JSONDecoding().decode(AgentFileDocument.SkillEntry.self, from: $0.value.value())
            })
    }
}
