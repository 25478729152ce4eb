import LettaAPI
import Storage

/// Summaries of archival memory, from tables `agent_archive`, `passage` and `passage_tag`.
enum ArchivalSummaryStore {
    /// The summaries of the agents that have an archive.
    static func summaries(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: ArchivalSummary] {
        var summaries: [ID<AgentState>: ArchivalSummary] = [:]
        let counts = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT agent_archive.agent_id, COUNT(passage.id) AS passages FROM agent_archive
                LEFT JOIN passage ON passage.organization_id = agent_archive.organization_id
                    AND passage.archive_id = agent_archive.archive_id
                WHERE agent_archive.organization_id = \(db.organization)
                    AND agent_archive.agent_id IN (\(list: agents))
                GROUP BY agent_archive.agent_id
                """)
        }
        for row in counts { summaries[try row["agent_id"]] = ArchivalSummary(count: try row["passages"]) }
        let tags = try agents.inStatements { agents in
            try db.rows(
                """
                SELECT DISTINCT agent_archive.agent_id, passage_tag.tag FROM agent_archive
                JOIN passage_tag ON passage_tag.organization_id = agent_archive.organization_id
                    AND passage_tag.archive_id = agent_archive.archive_id
                WHERE agent_archive.organization_id = \(db.organization)
                    AND agent_archive.agent_id IN (\(list: agents))
                ORDER BY agent_archive.agent_id, passage_tag.tag
                """)
        }
        for row in tags { summaries[try row["agent_id"]]?.tags.append(try row["tag"]) }
        return summaries
    }
}
