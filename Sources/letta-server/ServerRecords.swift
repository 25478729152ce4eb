import JSON
import LettaServer
import ModelProviders

/// What comes from a running server beside its agents.
struct ServerRecords {
    let server: RunningServer
    let transfer: AgentTransfer
    let key: Secret?
    let previews: Bool

    /// Providers, which agents name, and identities, also those that no agent knows.
    ///
    /// - Returns: how many could not be stored.
    func takeBeforeAgents() async throws -> Int {
        try await take(try await server.providers(), of: .providers)
            + take(try await server.identities(), of: .identities)
    }

    /// Runs with their steps. A preview does not count them.
    ///
    /// - Returns: how many could not be stored.
    func takeAfterAgents() async throws -> Int {
        guard !previews else { return 0 }
        var (runs, steps) = (AgentTransfer.ListOutcome(), AgentTransfer.ListOutcome())
        try await server.runs { page, stepsOfPage in
            runs += try await transfer.take(page, of: .runs, key: key)
            steps += try await transfer.take(stepsOfPage, of: .steps, key: key)
        }
        Self.show(runs, .runs)
        Self.show(steps, .steps)
        return runs.leftOut.count + steps.leftOut.count
    }

    private func take(_ elements: [JSONValue], of list: AgentTransfer.Listed) async throws -> Int {
        let outcome = try await transfer.take(elements, of: list, key: key)
        Self.show(outcome, list)
        return outcome.leftOut.count
    }

    private static func show(_ outcome: AgentTransfer.ListOutcome, _ list: AgentTransfer.Listed) {
        var lines = ["\(list.rawValue): \(outcome.stored)"]
        if outcome.known > 0 { lines[0] += ", and \(outcome.known) imported before" }
        lines += outcome.leftOut.map { "    not imported: \($0)" }
        if !outcome.secrets.isEmpty { lines.append("    \(LettaImportReport.secretsToSet)") }
        lines += outcome.secrets.map { "      \($0)" }
        for line in lines { ProgressBar.write("\(line)\n") }
    }
}
