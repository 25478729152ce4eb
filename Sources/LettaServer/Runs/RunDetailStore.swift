import JSON
import LettaAPI
import Storage

/// What runs are shown with: by whom they were asked for what, the name of their agent, and what their steps used. A list takes
/// as many statements as one run.
enum RunDetailStore {
    /// The length of a title, in characters.
    private static let titleLength = 100

    static func complete(_ runs: [Run], _ db: Transaction) throws -> [Run] {
        let ids = runs.map(\.id)
        let names = try AgentStore.names(of: runs.map(\.agentID).withoutDuplicates, db)
        let (titles, usage) = (try titles(of: ids, db), try usage(of: ids, db))
        let speakers = try IdentityStore.names(of: runs.compactMap(\.speaker).withoutDuplicates, db)
        return runs.map { run in
            var run = run
            run.agentName = names[run.agentID]
            run.title = titles[run.id]
            run.askedBy = run.speaker.flatMap { speakers[$0] }
            run.stepCount = usage[run.id]?.steps ?? 0
            run.totalTokens = usage[run.id]?.tokens ?? 0
            run.cost = usage[run.id]?.cost
            return run.withFailure
        }
    }

    /// What a user said first in each of the runs.
    private static func titles(of runs: [ID<Run>], _ db: Transaction) throws -> [ID<Run>: String] {
        let rows = try runs.inStatements { runs in
            try db.rows(
                """
                SELECT message.run_id, SUBSTR(message.said, 1, \(4 * titleLength)) AS said FROM message
                JOIN (
                    SELECT run_id, MIN(position) AS position FROM message
                    WHERE organization_id = \(db.organization) AND run_id IN (\(list: runs)) AND role = 'user'
                        AND said IS NOT NULL
                    GROUP BY run_id
                ) AS earliest ON earliest.run_id = message.run_id AND earliest.position = message.position
                WHERE message.organization_id = \(db.organization)
                """)
        }
        return Dictionary(try rows.map { (try $0["run_id"], title(of: try $0["said"])) }) { $1 }
            .compactMapValues { $0 }
    }

    /// One line of its first words; nil without any.
    private static func title(of text: String) -> String? {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if line.isEmpty { return nil }
        return line.count > titleLength ? "\(line.prefix(titleLength))…" : line
    }

    private static func usage(
        of runs: [ID<Run>], _ db: Transaction
    ) throws -> [ID<Run>: (steps: Int, tokens: Int, cost: Double?)] {
        let rows = try runs.inStatements { runs in
            try db.rows(
                """
                SELECT run_id, COUNT(*) AS steps, CAST(SUM(prompt_tokens + completion_tokens) AS BIGINT) AS tokens,
                    SUM(cost) AS cost
                FROM step WHERE organization_id = \(db.organization) AND run_id IN (\(list: runs)) GROUP BY run_id
                """)
        }
        return Dictionary(
            try rows.map { (try $0["run_id"], (try $0["steps"], try $0["tokens"], try $0["cost"])) }
        ) { $1 }
    }
}

extension Run {
    /// The member of the metadata that has the id or the key of the identity that spoke.
    static let speakerField = "identity_id"

    /// The id or the key of the identity that spoke.
    var speaker: String? {
        (try? metadata?.json.value())?[Self.speakerField]?.string
    }
}
