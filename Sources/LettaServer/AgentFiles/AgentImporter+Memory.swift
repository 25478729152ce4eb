import AgentEngine
import JSON
import LettaAPI
import Storage

/// What an agent of a file remembers beside its blocks and its own messages.
extension AgentImporter {
    // MARK: Sums

    static func sum(of history: AgentHistory, _ memory: [BlockRow]) -> LettaImportReport.Agent.Content {
        var sum = AgentSum()
        for block in memory.sorted(by: { $0.id.rawValue < $1.id.rawValue }) {
            sum.addBlock(block.id.rawValue, block.label, block.value)
        }
        for message in history.messages { sum.add(message) }
        sum.addContext(history.context.sorted { $0.value < $1.value }.map(\.key.rawValue))
        return sum.content
    }

    // MARK: Archives and identities

    mutating func insertArchives() throws {
        let here = try known((document.archives ?? []).map(\.id), in: ArchiveStore.table) { $0.id.rawValue }
        for (index, entry) in (document.archives ?? []).enumerated() {
            if let archive = here[entry.id] {
                archives[entry.id] = archive.id
                continue
            }
            let config = file.settings.embedding ?? entry.embeddingConfig
            var archive = Archive(
                id: id(of: entry.id), name: entry.name, organizationID: db.organization, createdAt: self.time(index))
            archive.description = entry.description
            archive.embeddingConfig = config.map { Document($0) }
            archive.createdByID = db.user
            archive.lastUpdatedByID = db.user
            archive.updatedAt = archive.createdAt
            try db.insert(archive, into: ArchiveStore.table)
            archives[entry.id] = archive.id
            let passages = entry.passages.enumerated().map { number, passage in
                var new = NewPassage(
                    id: core.ids.next(), text: passage.text, tags: passage.tags ?? [], time: time,
                    createdAt: passage.createdAt ?? self.time(number))
                new.metadata = passage.metadata ?? ObjectDocument()
                return new
            }
            _ = try PassageStore.insert(passages, into: archive, due: time, db)
        }
    }

    /// Identities are found by their keys: one that is here already is used as it is.
    mutating func insertIdentities() throws {
        let project = file.settings.projectID ?? db.project
        let here = try known((document.identities ?? []).map(\.id), in: IdentityStore.table) { $0.wire.id.rawValue }
        for (index, entry) in (document.identities ?? []).enumerated() {
            if here[entry.id] != nil {
                identities[entry.id] = ID(entry.id)
                continue
            }
            if let known = try IdentityStore.find(entry.identifierKey, project: project, db) {
                identities[entry.id] = known.wire.id
                continue
            }
            let id = core.ids.next(Identity.self)
            var identity = Identity(
                id: id, identifierKey: entry.identifierKey, name: entry.name, identityType: entry.identityType,
                organizationID: db.organization)
            identity.properties = entry.properties ?? []
            identity.projectID = project
            try db.insert(Stored(identity, at: self.time(index)), into: IdentityStore.table)
            identities[entry.id] = id
            for block in (entry.blockIDs ?? []).compactMap({ blocks[$0]?.id }) {
                try LettaImportStore.link(
                    "block_identity", ("block_id", "identity_id"), (block.rawValue, id.rawValue), db)
            }
        }
    }

    /// Attaches what the agent remembers with.
    mutating func attachMemory(_ entry: AgentFileDocument.AgentEntry, to agent: ID<AgentState>, _ index: Int) throws {
        for id in entry.archiveIDs {
            guard let archive = archives[id] else { continue }
            try ArchiveStore.attach(archive, to: agent, isOwner: false, db)
        }
        for id in entry.agent.identityIDs ?? [] {
            warnings.append("agents.\(index).identity_ids: '\(id)' is not in the file. It was left out.")
        }
        for identity in entry.identities.withoutDuplicates.compactMap({ identities[$0] }) {
            try LettaImportStore.link(
                "agent_identity", ("agent_id", "identity_id"), (agent.rawValue, identity.rawValue), db)
        }
        let skills = (document.skills ?? []).map { ($0.name, RawJSON($0)) }
        try AgentTransferStore.insert(skills, of: agent, db)
    }

    // MARK: Conversations

    mutating func insertConversations(_ entry: AgentFileDocument.AgentEntry, _ history: AgentHistory) throws {
        guard !file.settings.stripsMessages else { return }
        for (number, conversation) in entry.conversations.enumerated() {
            try insert(conversation, history.conversations[number], number)
        }
    }

    private func insert(
        _ entry: AgentFileDocument.ConversationEntry, _ parts: AgentHistory.ConversationParts, _ number: Int
    ) throws {
        var conversation = ConversationRow(
            Conversation(id: parts.id, agentID: parts.agent, createdAt: self.time(number)))
        conversation.createdByID = db.user
        conversation.lastUpdatedByID = db.user
        conversation.hidden = entry.hidden ?? false
        conversation.systemCompiledAt = parts.systemCompiledAt ?? conversation.systemCompiledAt
        conversation.summary = entry.summary
        conversation.description = entry.description
        conversation.model = entry.model
        conversation.modelSettings = entry.modelSettings
        conversation.contextWindowLimit = entry.contextWindowLimit
        conversation.lastMessageAt = parts.lastMessageAt
        try db.insert(conversation, into: ConversationStore.table)
        for (position, isolated) in (entry.isolatedBlocks ?? []).enumerated() {
            guard let block = blocks[isolated.blockID] else { continue }
            try ConversationStore.isolate(block.id, as: isolated.label, position: position, in: parts.id, db)
        }
        try LettaImportStore.insert(parts.parts, into: parts.id.rawValue, db)
    }
}
