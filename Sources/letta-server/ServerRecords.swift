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
        report.add(try await take(try await server.archives(), of: .archives))
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

    /// What refers to agents.
    func takeAfterAgents() async throws -> LettaImportReport {
        var report = LettaImportReport()
        let agents = try await server.agents().compactMap { $0["id"]?.string }
        guard !previews else { return try await counts(of: agents) }
        report.add(try await transfer.present(agents))
        report.add(try await takePassages(of: agents))
        report.add(try await take(try await server.groups(), of: .groups))
        try await server.runs { runs, steps in
            report.add(try await take(runs, of: .runs))
            report.add(try await take(steps, of: .steps))
        }
        try await server.jobs { report.add(try await take($0, of: .jobs)) }
        return report
    }

    /// What would come. A preview has no agents that it could refer to.
    private func counts(of agents: [String]) async throws -> LettaImportReport {
        var report = LettaImportReport()
        report.expect("agents", agents.count)
        report.expect("groups", try await server.groups()?.count ?? 0)
        var (runs, steps, jobs) = (0, 0, 0)
        try await server.runs {
            runs += $0.count
            steps += $1.count
        }
        try await server.jobs { jobs += $0.count }
        report.expect("runs", runs)
        report.expect("steps", steps)
        report.expect("jobs", jobs)
        return report
    }

    /// Nothing of a server without archives, whose passages came with their agents.
    private func takePassages(of agents: [String]) async throws -> LettaImportReport {
        var report = LettaImportReport()
        guard let archives = try await server.archives() else { return report }
        var attached: Set<String> = []
        for agent in agents {
            attached.formUnion(try await server.archives(of: agent)?.compactMap { $0["id"]?.string } ?? [])
            try await server.passages(of: agent) { report.add(try await take($0, of: .passages)) }
        }
        for archive in archives.compactMap({ $0["id"]?.string }) where !attached.contains(archive) {
            let found = try await server.passages(ofArchive: archive)
            report.add(try await take(found, of: .passages))
            guard found.count >= RunningServer.mostFound else { continue }
            report.leaveOut("archives", archive, "no agent has it, and a search shows its first passages only")
        }
        return report
    }

    /// - Parameter elements: nil where the server has no such list.
    private func take(_ elements: [JSONValue]?, of list: AgentTransfer.Listed) async throws -> LettaImportReport {
        guard let elements else { return transfer.unlisted(list) }
        return try await transfer.take(elements, of: list, key: key)
    }
}
