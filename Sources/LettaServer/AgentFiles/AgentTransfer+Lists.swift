package import JSON
import LettaAPI
package import ModelProviders
import Storage

/// What a running server lists beside its agents.
extension AgentTransfer {
    package enum Listed: Sendable, CaseIterable {
        case tools, mcpServers, blocks, archives, folders, files, filePassages, sandboxes, providers, identities
        case passages, groups, runs, steps, jobs

        fileprivate var noun: LettaNoun {
            switch self {
            case .tools: .tools
            case .mcpServers: .mcpServers
            case .blocks: .blocks
            case .archives: .archives
            case .folders: .folders
            case .files: .files
            case .filePassages: .filePassages
            case .sandboxes: .sandboxes
            case .providers: .providers
            case .identities: .identities
            case .passages: .passages
            case .groups: .groups
            case .runs: .runs
            case .steps: .steps
            case .jobs: .jobs
            }
        }
    }

    /// Stores the elements of a list that are not here yet, under their ids.
    ///
    /// - Parameter key: the `LETTA_ENCRYPTION_KEY` that the server runs with.
    /// - Returns: what the report says of them.
    package func take(_ elements: [JSONValue], of list: Listed, key: Secret?) async throws -> LettaImportReport {
        let noun = list.noun
        var seen: Set<String> = []
        let listed = elements.compactMap(\.object).map { LettaRow(listed: $0) }
            .filter { noun.isOwn($0) && seen.insert($0.id).inserted }
        let rows = Self.inOrder(listed.filter { Self.isID($0.id) }, from: rowStore.core.now()).map {
            $0.moved(to: scope.organization)
        }
        let cipher = key.map { LettaCipher(passphrase: $0.reveal()) }
        var report = LettaImportReport()
        for row in listed where !Self.isID(row.id) { report.leaveOut(noun.name, row.id, "no path can name it") }
        var readable: [LettaRow] = []
        for var row in try await rowStore.missing(rows, noun) {
            if noun.addSecrets != nil { report.secrets += row.dropMasks() }
            readable.append(try await cipher?.decrypted(row) ?? row)
        }
        var others = 0
        for findings in try await rowStore.write(readable, scope.organization, with: noun.store) {
            report.secrets += findings.secrets
            for note in findings.notes { report.notes[note, default: 0] += 1 }
            for (id, reason) in findings.leftOut { report.leaveOut(noun.name, id, reason) }
            others += findings.tools.count
        }
        let missing = try await rowStore.missing(rows, noun).count
        // A tool whose name is taken is another one here.
        report.counts = [.init(noun: noun.name, there: rows.count, here: rows.count - missing + others)]
        return report
    }
}

extension AgentTransfer {
    /// Whether a path can name it.
    private static func isID(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "-_".unicodeScalars.contains(scalar)
            }
    }

    /// What the report says of a list that the server does not have.
    package func unlisted(_ list: Listed) -> LettaImportReport {
        var report = LettaImportReport()
        report.notes["the server has no list of \(list.noun.name)"] = 1
        return report
    }

    /// How many of the agents of a server are here.
    package func present(_ agents: [String]) async throws -> LettaImportReport {
        let here = try await storage.read(as: scope) { db in try LettaImportStore.present(agents, in: "agent", db) }
        var report = LettaImportReport()
        report.counts = [.init(noun: "agents", there: Set(agents).count, here: here.count)]
        return report
    }

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

    /// Takes out the masks that servers of this kind show in the place of secrets.
    ///
    /// - Returns: the names of the secrets.
    fileprivate mutating func dropMasks() -> [String] {
        let owner = text("name") ?? text("server_name") ?? id
        var names: [String] = []
        for column in columns.keys {
            let (value, count) = self[column].withoutMasks
            guard count > 0 else { continue }
            self[column] = value
            names.append("\(column) of \(owner)")
        }
        return names
    }

    fileprivate func moved(to organization: String) -> LettaRow {
        var row = self
        row["organization_id"] = .string(organization)
        return row
    }
}

extension JSONValue {
    /// The value with null for each mask in it, and how many there were.
    fileprivate var withoutMasks: (value: JSONValue, count: Int) {
        switch self {
        case .string(SealedSecret.mask): return (.null, 1)
        case .array(let elements):
            let parts = elements.map(\.withoutMasks)
            return (.array(parts.map(\.value)), parts.map(\.count).reduce(0, +))
        case .object(let object):
            var (result, count) = (JSONObject(), 0)
            for (name, value) in object {
                let part = value.withoutMasks
                result[name] = part.value
                count += part.count
            }
            return (.object(result), count)
        default: return (self, 0)
        }
    }
}
