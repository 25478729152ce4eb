import LettaAPI
import Storage

/// Stores rows of a Letta server: together where that goes, else those that can be stored.
struct LettaRows: Sendable {
    let core: Core
    let box: SecretBox

    /// The rows that are not here yet.
    func missing(_ rows: [LettaRow], _ noun: LettaNoun) async throws -> [LettaRow] {
        var missing: [LettaRow] = []
        for (organization, rows) in Dictionary(grouping: rows, by: \.organization) {
            let ids = rows.map(\.id)
            let present = try await core.storage.read(as: Self.scope(organization)) { db in
                try LettaImportStore.present(ids, in: noun.target, db)
            }
            missing += rows.filter { !present.contains($0.id) }
        }
        return missing
    }

    /// Stores rows of one organization.
    ///
    /// - Returns: what the report says of them, with those that could not be stored.
    func write(
        _ rows: [LettaRow], _ organization: String, with store: @escaping LettaNoun.Store
    ) async throws -> [LettaWriter.Findings] {
        do {
            return [try await transaction(rows, organization, store)]
        } catch {
            try LettaImport.rethrow(error)
        }
        var all: [LettaWriter.Findings] = []
        for row in rows {
            do {
                all.append(try await transaction([row], organization, store))
            } catch {
                try LettaImport.rethrow(error)
                all.append(LettaWriter.Findings(leftOut: [(row.id, LettaRowProblem.reason(error))]))
            }
        }
        return all
    }

    private func transaction(
        _ rows: [LettaRow], _ organization: String, _ store: @escaping LettaNoun.Store
    ) async throws -> LettaWriter.Findings {
        try await core.storage.write(as: Self.scope(organization)) { [core, box] db in
            guard try LettaImportStore.accountExists(organization, in: "organization", db) else {
                throw LettaRowProblem("its organization does not exist")
            }
            var writer = LettaWriter(db, ids: core.ids, box: box, at: core.now())
            for row in rows { try store(row, &writer) }
            return writer.findings
        }
    }

    static func scope(_ organization: String) -> Scope {
        Scope(organization: organization, user: User.defaultID.rawValue)
    }
}
