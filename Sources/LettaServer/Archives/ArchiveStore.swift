import JSON
import LettaAPI
import Storage

/// Tables `archive` and `agent_archive`. The functions take an open transaction and never wait.
enum ArchiveStore {
    /// Everywhere, archives are locked after agents, to avoid deadlocks.
    static let table = Table<Archive>("archive", without: ["vector_db_provider": "native", "metadata": nil])

    static func page(_ query: ListArchives, _ db: Transaction) throws -> Page<Archive> {
        try db.page(
            table, query,
            where: [
                query.name.map { "name = \($0)" },
                query.agentID.map {
                    """
                    id IN (SELECT archive_id FROM agent_archive
                           WHERE organization_id = \(db.organization) AND agent_id = \($0))
                    """
                },
            ])
    }

    /// Deletes the archive with its passages and takes it from every agent.
    static func delete(_ id: ID<Archive>, _ db: Transaction) throws {
        try PassageStore.deleteAll(of: id, db)
        try db.delete(id, from: table)
    }

    // MARK: Archives of agents

    /// The archives of an agent. The first one takes its new memories: the one created for it, else the one that was
    /// attached first.
    static func archives(of agent: ID<AgentState>, _ db: Transaction) throws -> [ID<Archive>] {
        try db.rows(
            """
            SELECT archive_id FROM agent_archive
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) ORDER BY is_owner DESC, position
            """
        ).map { try $0["archive_id"] }
    }

    /// Attaches an archive after the others; does nothing when it is attached already.
    ///
    /// - Parameter isOwner: whether it was created for this agent and is deleted with it.
    static func attach(_ archive: ID<Archive>, to agent: ID<AgentState>, isOwner: Bool, _ db: Transaction) throws {
        try db.execute(
            """
            INSERT INTO agent_archive (organization_id, agent_id, archive_id, is_owner, position)
            SELECT \(db.organization), \(agent), \(archive), \(isOwner ? "TRUE" : "FALSE" as SQLText), COALESCE(MAX(position), -1) + 1
            FROM agent_archive WHERE organization_id = \(db.organization) AND agent_id = \(agent)
            ON CONFLICT (organization_id, agent_id, archive_id) DO NOTHING
            """)
    }

    static func detach(_ archive: ID<Archive>, from agent: ID<AgentState>, _ db: Transaction) throws {
        try db.execute(
            """
            DELETE FROM agent_archive
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND archive_id = \(archive)
            """)
    }

    /// The archive that the agent owns and still has.
    static func ownArchive(of agent: ID<AgentState>, _ db: Transaction) throws -> ID<Archive>? {
        try db.value(
            """
            SELECT archive_id FROM agent_archive
            WHERE organization_id = \(db.organization) AND agent_id = \(agent) AND is_owner
            """)
    }

    /// Whether another agent shares the archive.
    static func isShared(_ archive: ID<Archive>, besides agent: ID<AgentState>, _ db: Transaction) throws -> Bool {
        try db.row(
            """
            SELECT 1 FROM agent_archive
            WHERE organization_id = \(db.organization) AND archive_id = \(archive) AND agent_id <> \(agent)
            LIMIT 1
            """) != nil
    }

    /// The condition that an agent in a list has the archive.
    static func isAttached(_ archive: ID<Archive>, _ db: Transaction) -> SQLText {
        """
        EXISTS (SELECT 1 FROM agent_archive
                WHERE agent_archive.organization_id = \(db.organization)
                    AND agent_archive.archive_id = \(archive) AND agent_archive.agent_id = agent.id)
        """
    }
}
