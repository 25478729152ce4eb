import LettaAPI
import Storage

/// What belongs to a deployment, in the tables `block`, `agent` and `agent_group`; each newest first.
enum InternalTemplateStore {
    /// - Parameter types: `block`, `agent`, `group`; nil for all.
    static func entities(of deployment: String, types: [String]?, _ db: Transaction) throws -> [Deployment.Entity] {
        let sources: [(type: String, table: SQLText, name: SQLText, entity: SQLText)] = [
            ("block", "block", "label", "entity_id"), ("agent", "agent", "name", "entity_id"),
            ("group", "agent_group", "NULL", "NULL"),
        ]
        return try sources.filter { types?.contains($0.type) != false }.flatMap { source in
            try db.rows(
                """
                SELECT id, \(source.name) AS name, description, \(source.entity) AS entity_id, project_id
                FROM \(source.table) WHERE organization_id = \(db.organization) AND deployment_id = \(deployment)
                ORDER BY created_at DESC, id DESC
                """
            ).map { row in
                var entity = Deployment.Entity(id: try row["id"], type: source.type)
                entity.name = try row["name"]
                entity.description = try row["description"]
                entity.entityID = try row["entity_id"]
                entity.projectID = try row["project_id"]
                return entity
            }
        }
    }
}
