package import JSON
import LettaAPI
package import ModelProviders

/// What a running server lists beside its agents.
extension AgentTransfer {
    package enum Listed: String, Sendable, CaseIterable {
        case providers, identities, runs, steps

        fileprivate var noun: LettaNoun {
            switch self {
            case .providers: .providers
            case .identities: .identities
            case .runs: .runs
            case .steps: .steps
            }
        }
    }

    /// What became of the elements of a list.
    package struct ListOutcome: Sendable {
        package var stored = 0
        /// What is here already.
        package var known = 0
        /// What can't be stored, and why.
        package var leftOut: [String] = []
        /// The names of secrets that can't be read.
        package var secrets: [String] = []

        package init() {}

        package static func += (all: inout ListOutcome, part: ListOutcome) {
            all.stored += part.stored
            all.known += part.known
            all.leftOut += part.leftOut
            all.secrets += part.secrets
        }
    }

    /// Stores the elements of a list that are not here yet, under their ids.
    ///
    /// - Parameter key: the `LETTA_ENCRYPTION_KEY` that the server runs with.
    package func take(_ elements: [JSONValue], of list: Listed, key: Secret?) async throws -> ListOutcome {
        let noun = list.noun
        let listed = elements.compactMap(\.object).map { LettaRow(listed: $0) }.filter(noun.isOwn)
        let rows = Self.inOrder(listed, from: rowStore.core.now()).map { $0.moved(to: scope.organization) }
        let missing = try await rowStore.missing(rows, noun)
        let cipher = key.map { LettaCipher(passphrase: $0.reveal()) }
        var outcome = ListOutcome()
        var readable: [LettaRow] = []
        for var row in missing {
            // Servers of this kind show no secrets.
            for column in row.columns.keys where row.text(column) == SealedSecret.mask {
                row[column] = .null
                outcome.secrets.append("\(column) of \(row.text("name") ?? row.id)")
            }
            readable.append(try await cipher?.decrypted(row) ?? row)
        }
        outcome.known = rows.count - missing.count
        for findings in try await rowStore.write(readable, scope.organization, with: noun.store) {
            outcome.secrets += findings.secrets
            outcome.leftOut += findings.leftOut.map { "\(list.rawValue) \($0.id): \($0.reason)" }
        }
        outcome.stored = missing.count - outcome.leftOut.count
        return outcome
    }
}

extension AgentTransfer {
    /// Gives elements without times of their own a microsecond each, so that they stay in the order of the list: steps have
    /// the time of their run, identities have none.
    private static func inOrder(_ rows: [LettaRow], from now: Timestamp) -> [LettaRow] {
        var numbers: [String: Int64] = [:]
        return rows.map { row in
            let time = row.text("created_at") ?? now.wireText
            var row = row
            row["created_at"] = .string(time)
            let number = numbers[time, default: 0]
            numbers[time] = number + 1
            guard number > 0 else { return row }
            row["created_at"] = .string(Timestamp(microseconds: row.createdAt.microseconds + number).wireText)
            return row
        }
    }
}

extension LettaRow {
    /// An element of a list of the API: its members have the names of the columns, but for some.
    fileprivate init(listed element: JSONObject) {
        var columns = element
        columns["metadata_"] = element["metadata"]
        columns["_created_by_id"] = element["created_by_id"]
        columns["_last_updated_by_id"] = element["last_updated_by_id"]
        self.init(columns, key: [])
        fill("created_at", self["updated_at"])
    }

    fileprivate func moved(to organization: String) -> LettaRow {
        var row = self
        row["organization_id"] = .string(organization)
        return row
    }
}
