import LettaAPI
package import Logging
package import ModelProviders
import Storage

/// The import of a Letta database from the command line, while no server runs.
package enum LettaDatabaseImport {
    /// Gets what is being done, how much of it is done, and how much there is.
    package typealias Report = @Sendable (_ noun: String, _ done: Int, _ total: Int) -> Void

    /// Brings over what is not here yet, and compares both sides afterwards.
    ///
    /// - Parameter key: the `LETTA_ENCRYPTION_KEY` that Letta ran with; without it what it encrypted is left out.
    /// - Throws: `StartUpFailure`.
    package static func run(
        from address: String, key: Secret?, _ configuration: ServerConfiguration, logger: Logger,
        report: @escaping Report
    ) async throws -> LettaImportReport {
        let source = try await LettaSource.open(address, key: key, logger: logger)
        return try await closing(source) {
            let folder = try DataFolder(path: configuration.data.folder)
            try folder.lock()
            let storage = try await ServerStorage.open(configuration, folder: folder, logger: logger)
            do {
                let keys = try await LettaApplication.prepare(storage, configuration, folder, logger: logger)
                let box = SecretBox(passphrases: keys)
                try await storage.write { db in
                    try KeyCheckStore.verify(box, db, logger)
                    try AccountService.seedTools(ids: .random, at: .now, db)
                }
                let result = try await run(
                    source, to: core(storage, logger), box, configuration.approvals, report: report)
                await storage.close()
                return result
            } catch {
                await storage.close()
                throw error
            }
        }
    }

    /// What an import would bring over, and what not: imported into a database in memory that is thrown away, but for
    /// the nouns with many rows, which are counted.
    ///
    /// - Throws: `StartUpFailure`.
    package static func preview(
        from address: String, key: Secret? = nil, approvals: ApprovalPolicy = ApprovalPolicy(), logger: Logger,
        report: @escaping Report
    ) async throws -> LettaImportReport {
        let source = try await LettaSource.open(address, key: key, logger: logger)
        return try await closing(source) {
            let storage = try await ServerStorage.scratch()
            do {
                let result = try await run(
                    source, to: core(storage, logger), SecretBox(passphrases: ["preview"]), approvals, onlyCounts: true,
                    report: report)
                await storage.close()
                return result
            } catch {
                await storage.close()
                throw error
            }
        }
    }

    static func run(
        _ source: LettaSource, to core: Core, _ box: SecretBox, _ approvals: ApprovalPolicy, onlyCounts: Bool = false,
        report: @escaping Report
    ) async throws -> LettaImportReport {
        let progress: @Sendable (LettaImport.Progress) -> Void = { report($0.noun, $0.done, $0.total) }
        var letta = LettaImport(
            from: source, to: core, box: box, approvals: approvals, onlyCounts: onlyCounts, progress: progress)
        try await letta.run()
        let comparison = LettaComparison(
            source: source, core: core, renamedTools: letta.renamedTools, progress: progress)
        let counts = try await comparison.counts(comparing: !onlyCounts)
        var agents: [LettaImportReport.Agent] = []
        if !onlyCounts { agents = try await comparison.agents() }
        letta.compared(counts, agents)
        return letta.report
    }

    private static func core(_ storage: any StorageEngine, _ logger: Logger) -> Core {
        Core(storage: storage, ids: .random, now: { .now }, clock: ContinuousClock(), logger: logger)
    }

    private static func closing<Result>(
        _ source: LettaSource, _ body: () async throws -> Result
    ) async throws -> Result {
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await source.close()
        return try result.get()
    }
}
