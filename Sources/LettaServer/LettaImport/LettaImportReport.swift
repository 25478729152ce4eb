/// What an import from Letta brought over, and what it did not.
package struct LettaImportReport: Sendable {
    /// How many rows of a kind there are on both sides.
    struct Count: Sendable, Equatable {
        var noun: String
        var there: Int
        /// Nil before the import.
        var here: Int?
    }

    /// An agent with what its messages and blocks come to on both sides.
    package struct Agent: Sendable, Equatable {
        var id: String
        var name: String
        var there: Content
        var here: Content

        struct Content: Sendable, Equatable {
            var messages = 0
            /// SHA-256 over the blocks, the messages and the context.
            var checksum = ""
        }
    }

    struct LeftOut: Sendable, Equatable {
        var noun: String
        var id: String
        var reason: String
    }

    static let secretsToSet =
        "Secrets to set again: a server does not show them, and LETTA_FROM_ENCRYPTION_KEY opens those of a database:"

    /// So many rows are listed one by one; the others are counted.
    static let mostListed = 200

    var counts: [Count] = []
    var agents: [Agent] = []
    private(set) var leftOut: [LeftOut] = []
    private(set) var leftOutCounts: [String: Int] = [:]
    /// The names of secrets that have to be set again.
    var secrets: [String] = []
    /// What was changed on the way.
    var notes: [String: Int] = [:]
    /// Tables with rows that have no place here.
    var unknownTables: [String] = []

    package init() {}

    /// Adds what another part of an import came to.
    package mutating func add(_ part: LettaImportReport) {
        for count in part.counts {
            guard let index = counts.firstIndex(where: { $0.noun == count.noun }) else {
                counts.append(count)
                continue
            }
            counts[index].there += count.there
            if let here = count.here { counts[index].here = (counts[index].here ?? 0) + here }
        }
        agents += part.agents
        leftOutCounts.merge(part.leftOutCounts, uniquingKeysWith: +)
        leftOut = Array((leftOut + part.leftOut).prefix(Self.mostListed))
        secrets += part.secrets
        notes.merge(part.notes, uniquingKeysWith: +)
    }

    /// Tells what there is of a kind, and that nothing of it is here yet.
    package mutating func expect(_ noun: String, _ count: Int) {
        counts.removeAll { $0.noun == noun }
        counts.append(Count(noun: noun, there: count))
    }

    /// Leaves out what is here: a preview keeps nothing.
    package mutating func forgetHere() {
        for index in counts.indices { counts[index].here = nil }
    }

    package mutating func leaveOut(_ noun: String, _ id: String, _ reason: String) {
        leftOutCounts[noun, default: 0] += 1
        if leftOut.count < Self.mostListed { leftOut.append(LeftOut(noun: noun, id: id, reason: reason)) }
    }

    package func leavesOut(_ noun: String) -> Bool { leftOutCounts[noun] != nil }

    /// Whether everything is on both sides.
    package var isComplete: Bool {
        leftOutCounts.isEmpty && counts.allSatisfy { $0.here == nil || $0.here == $0.there }
            && agents.allSatisfy { $0.there == $0.here }
    }

    /// The report as text, line by line.
    package var lines: [String] {
        countLines + agentLines + leftOutLines + noteLines
    }

    private var countLines: [String] {
        counts.map { count in
            let name = count.noun.padded(to: 24)
            guard let here = count.here else { return "\(name)\(String(count.there).padded(to: 12))" }
            let mark = here == count.there ? "ok" : "DIFFERENT"
            return "\(name)\("\(count.there) there".padded(to: 18))\("\(here) here".padded(to: 18))\(mark)"
        }
    }

    private var agentLines: [String] {
        guard !agents.isEmpty else { return [] }
        let different = agents.filter { $0.there != $0.here }
        let lines = agents.map { agent in
            let mark = agent.there == agent.here ? "ok" : "DIFFERENT"
            return
                "  \(agent.id) \(agent.there.checksum.prefix(16)) \(agent.here.checksum.prefix(16)) "
                + "\(agent.there.messages)/\(agent.here.messages) messages, \(mark), \(agent.name)"
        }
        return ["Agents with checksums there and here (\(agents.count), \(different.count) different):"] + lines
    }

    private var leftOutLines: [String] {
        guard !leftOutCounts.isEmpty else { return [] }
        let sums = leftOutCounts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let more = leftOutCounts.values.reduce(0, +) - leftOut.count
        var lines = ["Left out: \(sums)"]
        for row in leftOut { lines.append("  \(row.noun) \(row.id): \(row.reason)") }
        if more > 0 { lines.append("  and \(more) more") }
        return lines
    }

    private var noteLines: [String] {
        var lines: [String] = []
        for (note, count) in notes.sorted(by: { $0.key < $1.key }) {
            lines.append("Note: \(note)" + (count > 1 ? " (\(count) times)" : ""))
        }
        for table in unknownTables { lines.append("Note: the table \(table) has rows and no place here.") }
        if !secrets.isEmpty {
            lines.append(Self.secretsToSet)
        }
        return lines + secrets.map { "  \($0)" }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
