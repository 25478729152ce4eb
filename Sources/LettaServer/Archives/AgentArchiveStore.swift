import LettaAPI
import Storage

/// Table `agent_archive`: which archive an agent has.
enum AgentArchiveStore {
    static func archive(of agent: ID<AgentState>, _ db: Transaction) throws -> ID<Archive>? {
        try db.value(
            """
            SELECT archive_id FROM agent_archive
            WHERE organization_id = \(db.organization) AND agent_id = \(agent)
            """)
    }

    /// Gives an archive to an agent that has none.
    ///
    /// - Parameter isOwner: whether it was made for this agent and goes with it.
    static func attach(_ archive: ID<Archive>, to agent: ID<AgentState>, isOwner: Bool, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO agent_archive (organization_id, agent_id, archive_id, is_owner)
            VALUES (\(db.organization), \(agent), \(archive), \(isOwner))
            """)
    }

    static func detach(_ archive: ID<Archive>, from agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM agent_archive
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND archive_id = \(archive)
            """)
    }

    /// The archive that was made for this agent, if the agent still has it.
    static func ownArchive(of agent: ID<AgentState>, _ db: Transaction) throws -> ID<Archive>? {
        try db.value(
            """
            SELECT archive_id FROM agent_archive
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND is_owner
            """)
    }

    /// Whether an agent besides this one has the archive.
    static func isShared(_ archive: ID<Archive>, besides agent: ID<AgentState>, _ db: Transaction) throws -> Bool {
        try db.row(
            """
            SELECT 1 FROM agent_archive
            WHERE organization_id = \(db.organization) AND archive_id = \(archive) AND agent_id <> \(agent)
            LIMIT 1
            """) != nil
    }

    /// The condition that an agent of a list has the archive.
    static func condition(_ archive: ID<Archive>, _ db: Transaction) -> SQLText {
        """
        EXISTS (SELECT 1 FROM agent_archive
                WHERE agent_archive.organization_id = \(db.organization)
                    AND agent_archive.archive_id = \(archive) AND agent_archive.agent_id = agent.id)
        """
    }
}
