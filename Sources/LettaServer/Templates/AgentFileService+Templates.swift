import JSON
import LettaAPI
import Storage

/// Templates made from agent files.
extension AgentFileService {
    /// The agents of a file with their group, checked, without what a template has no place for: messages. Companions are
    /// made anew with their agents.
    ///
    /// - Parameter field: the field of the request that holds the file.
    func template(
        _ file: ObjectDocument?, named field: String, updatingTools: Bool, as scope: Scope
    ) async throws -> AgentImport {
        guard let object = try file?.json.value().object else {
            throw APIError.invalidField(field, "holds the agent file to make a template of", input: .null)
        }
        func refuse(_ text: String, _ count: Int) -> APIError {
            .invalidField(field, text, input: .int(Int64(count)), path: [])
        }
        var document = try AgentFileReader.document(object)
        let pairs = document.groups.filter { group in
            group.managerConfig.map { !TemplateSnapshot.groupTypes.contains($0.managerType) } ?? false
        }
        document.groups.removeAll { group in pairs.contains { $0.id == group.id } }
        let companions = Set(pairs.flatMap(\.agentIDs))
        document.agents.removeAll { companions.contains($0.id) }
        guard (1...TemplateSnapshot.mostAgents).contains(document.agents.count) else {
            throw refuse(
                "must have 1 to \(TemplateSnapshot.mostAgents) agents; this file has \(document.agents.count)",
                document.agents.count)
        }
        guard document.groups.count <= 1 else {
            throw refuse("may have one group; this file has \(document.groups.count)", document.groups.count)
        }
        for index in document.agents.indices {
            document.agents[index].messages = []
            document.agents[index].inContextMessageIDs = []
            document.agents[index].groupIDs = []
        }
        let wanted = Set(
            document.agents.flatMap { $0.agent.blockIDs ?? [] } + document.groups.flatMap { $0.sharedBlockIDs ?? [] })
        document.blocks.removeAll { !wanted.contains($0.id) }
        var options = ImportOptions()
        options.overrideExistingTools = updatingTools
        options.appendCopySuffix = false
        return try await self.file(document, options, as: scope)
    }

    /// What the file's agents are as a template. Their tools and folders are imported; the agents themselves, their group and
    /// their blocks are made and deleted in the same transaction, so that nobody sees them.
    func snapshot(
        of file: AgentImport, replacing old: TemplateSnapshot?, at time: Timestamp, _ db: Transaction
    ) throws -> TemplateSnapshot {
        var importer = AgentImporter(file, core: core, secrets: secrets, approvals: approvals, at: time, db)
        let agents = try importer.run()
        guard !agents.isEmpty else { throw APIError.invalidArgument("The agent file has no agent.") }
        let group = try agents.lazy.compactMap { try GroupStore.groups(with: $0, db).first }.first
        let snapshot = try TemplateSnapshot.snapshot(of: agents, in: group, replacing: old, ids: core.ids, db)
        try snapshot.check()
        let blocks =
            try AgentBlockStore.blocks(of: agents, db).values.joined().map(\.id) + (group?.sharedBlockIDs ?? [])
        if let group { try db.delete(group.id, from: GroupStore.table) }
        for agent in agents { try AgentService.delete(agent, db) }
        for block in blocks.withoutDuplicates { try db.delete(block, from: BlockStore.table) }
        return snapshot
    }
}
