import JSON
import LettaServer
import ModelProviders

/// What comes from a running server beside its agents.
struct ServerRecords {
    let server: RunningServer
    let transfer: AgentTransfer
    let key: Secret?
    let previews: Bool

    /// What agents refer to, also where no agent does.
    func takeBeforeAgents() async throws -> LettaImportReport {
        let folders = try await server.folders()
        var report = LettaImportReport()
        report.add(try await take(try await server.tools(), of: .tools))
        report.add(try await take(try await server.mcpServers(), of: .mcpServers))
        report.add(try await take(try await server.blocks(), of: .blocks))
        report.add(try await take(try await server.archives() ?? [], of: .archives))
        report.add(try await take(folders, of: .folders))
        for id in folders.compactMap({ $0["id"]?.string }) { report.add(try await takeFiles(of: id)) }
        report.add(try await take(try await server.sandboxes(), of: .sandboxes))
        report.add(try await take(try await server.providers(), of: .providers))
        report.add(try await take(try await server.identities(), of: .identities))
        return report
    }

    private func takeFiles(of folder: String) async throws -> LettaImportReport {
        var report = LettaImportReport()
        try await server.files(of: folder) { report.add(try await take($0, of: .files)) }
        guard !previews else { return report }
        try await server.filePassages(of: folder) { report.add(try await take($0, of: .filePassages)) }
        return report
    }

    /// What refers to agents. A preview does not count it.
    func takeAfterAgents() async throws -> LettaImportReport {
        var report = LettaImportReport()
        guard !previews else { return report }
        // The passages of a server without archives came with their agents.
        let agents = try await server.archives() == nil ? [] : server.agents()
        for id in agents.compactMap({ $0["id"]?.string }) {
            try await server.passages(of: id) { report.add(try await take($0, of: .passages)) }
        }
        report.add(try await take(try await server.groups(), of: .groups))
        try await server.runs { runs, steps in
            report.add(try await take(runs, of: .runs))
            report.add(try await take(steps, of: .steps))
        }
        try await server.jobs { report.add(try await take($0, of: .jobs)) }
        return report
    }

    private func take(_ elements: [JSONValue], of list: AgentTransfer.Listed) async throws -> LettaImportReport {
        try await transfer.take(elements, of: list, key: key)
    }
}
