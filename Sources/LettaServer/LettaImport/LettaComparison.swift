import JSON
import LettaAPI
import Storage

/// Compares a Letta database with what of it is here, row by row: for the report that proves an import.
struct LettaComparison: Sendable {
    let source: LettaSource
    let core: Core
    let renamedTools: [String: ID<Tool>]
    let progress: @Sendable (LettaImport.Progress) -> Void

    // MARK: Counts

    /// - Parameter comparing: whether what is here is counted too.
    func counts(comparing: Bool) async throws -> [LettaImportReport.Count] {
        var counts: [LettaImportReport.Count] = []
        let accounts: [(String, String, SQLText)] = [
            ("organizations", "organizations", "organization"), ("users", "users", "user_account"),
        ]
        for (name, table, target) in accounts where source.has(table) {
            counts.append(
                try await counted(
                    name, table, comparing: comparing,
                    here: { ids, db in
                        try ids.filter { try LettaImportStore.accountExists($0, in: target, db) }.count
                    }))
        }
        for noun in LettaImport.before { counts += try await counted(noun, comparing: comparing) }
        let parts: [(String, SQLText)] = [
            ("agents", "agent"), ("messages", "message"), ("conversations", "conversation"),
        ]
        for (table, target) in parts where source.has(table) {
            counts.append(
                try await counted(
                    table, table, comparing: comparing,
                    here: { ids, db in try LettaImportStore.present(ids, in: target, db).count }))
        }
        for noun in LettaImport.after { counts += try await counted(noun, comparing: comparing) }
        return counts
    }

    /// Nothing for a table that this version of Letta does not have, and for runs among jobs where there are none.
    private func counted(_ noun: LettaNoun, comparing: Bool) async throws -> [LettaImportReport.Count] {
        guard source.has(noun.table) else { return [] }
        let renamed = renamedTools
        let count = try await counted(
            noun.name, noun.table, comparing: comparing, isOwn: noun.isOwn,
            here: { ids, db in
                let ids = noun.table == "tools" ? ids.map { renamed[$0]?.rawValue ?? $0 } : ids
                return try LettaImportStore.present(ids, in: noun.target, db).count
            })
        return count.there == 0 && noun.name == LettaNoun.runJobs.name ? [] : [count]
    }

    private func counted(
        _ name: String, _ table: String, comparing: Bool, isOwn: (LettaRow) -> Bool = { _ in true },
        here: @escaping @Sendable ([String], Transaction) throws -> Int
    ) async throws -> LettaImportReport.Count {
        var count = LettaImportReport.Count(noun: name, there: 0, here: comparing ? 0 : nil)
        let columns: Set<String> = ["id", "organization_id", "provider_category", "job_type"]
        try await source.pages(table, only: columns, size: 2_000) { page in
            let rows = page.filter(isOwn)
            count.there += rows.count
            guard comparing else { return }
            for (organization, rows) in Dictionary(grouping: rows, by: \.organization) {
                let ids = rows.map(\.id)
                let scope = Scope(organization: organization, user: User.defaultID.rawValue)
                let found = try await core.storage.read(as: scope) { try here(ids, $0) }
                count.here = (count.here ?? 0) + found
            }
            progress(LettaImport.Progress(noun: "comparing \(name)", done: count.there, total: count.there))
        }
        return count
    }

    // MARK: Checksums

    func agents() async throws -> [LettaImportReport.Agent] {
        var agents: [LettaImportReport.Agent] = []
        var key: [SQLValue]?
        while true {
            let page = try await source.page("agents", after: key, limit: 50)
            guard let last = page.last else { return agents }
            key = last.key
            for row in page {
                agents.append(try await compare(try await LettaAgent(row, source)))
                progress(LettaImport.Progress(noun: "comparing agents", done: agents.count, total: agents.count))
            }
        }
    }

    private func compare(_ agent: LettaAgent) async throws -> LettaImportReport.Agent {
        let scope = Scope(organization: agent.row.organization, user: User.defaultID.rawValue)
        let (stored, tools) = try await core.storage.read(as: scope) { db in
            (try AgentStore.row(agent.id, db), try ToolStore.tools(of: [agent.id], db)[agent.id] ?? [])
        }
        let name = agent.row.text("name") ?? ""
        guard let stored else {
            let there = LettaImportReport.Agent.Content(messages: 0, checksum: "not here")
            return LettaImportReport.Agent(id: agent.row.id, name: name, there: there, here: .init())
        }
        return LettaImportReport.Agent(
            id: agent.row.id, name: name, there: try await there(agent, try LettaMessages(stored, tools: tools)),
            here: try await AgentSum.stored(agent.id, core, scope))
    }

    private func there(_ agent: LettaAgent, _ messages: LettaMessages) async throws -> LettaImportReport.Agent.Content {
        var sum = AgentSum()
        for id in Set(agent.blocks).sorted() {
            guard let block = try await source.rows("block", of: "id", id).first else { continue }
            sum.addBlock(id, block.text("label") ?? "", block.text("value") ?? "")
        }
        var ids: Set<String> = []
        let context = Set(agent.context)
        var unread = 0
        try await source.pages("messages", where: ("agent_id", agent.row.id), size: 500) { page in
            for row in page {
                guard let message = try? messages.row(row, position: 0) else {
                    unread += 1
                    continue
                }
                sum.add(message)
                if context.contains(row.id), message.conversationID == nil { ids.insert(row.id) }
            }
        }
        sum.addContext(agent.context.filter(ids.contains).withoutDuplicates)
        var content = sum.content
        // One that can't be converted is in the count alone.
        content.messages += unread
        return content
    }
}
