import JSON
import LettaAPI
import Storage

/// Templates made from agent files.
extension AgentFileService {
    /// The one agent of a file, checked, without what a template has no place for: messages and groups.
    ///
    /// - Parameter field: the field of the request that holds the file.
    func template(
        _ file: ObjectDocument?, named field: String, updatingTools: Bool, as scope: Scope
    ) async throws -> AgentImport {
        guard let object = try file?.json.value().object else {
            throw APIError.invalidField(field, "holds the agent file to make a template of", input: .null)
        }
        var document = try AgentFileReader.document(object)
        guard document.agents.count == 1 else {
            throw APIError.invalidField(
                field, "must have one agent, because a template has one; this file has \(document.agents.count)",
                input: .int(Int64(document.agents.count)), path: [])
        }
        document.groups = []
        document.agents[0].messages = []
        document.agents[0].inContextMessageIDs = []
        document.agents[0].groupIDs = []
        let wanted = Set(document.agents[0].agent.blockIDs ?? [])
        document.blocks.removeAll { !wanted.contains($0.id) }
        var options = ImportOptions()
        options.overrideExistingTools = updatingTools
        options.appendCopySuffix = false
        return try await self.file(document, options, as: scope)
    }

    /// What the file's agent is as a template. Its tools and folders are imported; the agent itself and its blocks are made and
    /// deleted in the same transaction, so that nobody sees them.
    func snapshot(
        of file: AgentImport, replacing old: TemplateSnapshot?, at time: Timestamp, _ db: Transaction
    ) throws -> TemplateSnapshot {
        var importer = AgentImporter(file, core: core, secrets: secrets, approvals: approvals, at: time, db)
        guard let agent = try importer.run().first else {
            throw APIError.invalidArgument("The agent file has no agent.")
        }
        let snapshot = try TemplateSnapshot.snapshot(of: agent, replacing: old, ids: core.ids, db)
        let blocks = (try AgentBlockStore.blocks(of: [agent], db)[agent] ?? []).map { $0.id }
        try AgentService.delete(agent, db)
        for block in blocks { try db.delete(block, from: BlockStore.table) }
        return snapshot
    }
}
