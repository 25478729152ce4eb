import AgentEngine
import JSON
import LettaAPI
import Storage

/// Seeds the base tools of an organization, by name.
enum BaseToolService {
    /// Adds missing base tools and updates the others. A user's tool of the same name stays as it is.
    static func seed(ids: IDSource, at time: Timestamp, _ db: Transaction) throws {
        let existing = try ToolStore.rows(named: BaseTool.all.map(\.name), db)
        for (index, base) in BaseTool.all.enumerated() {
            let schema = RawJSON(base.schema)
            if let row = existing.first(where: { $0.name == base.name }) {
                let isCurrent = row.jsonSchema == schema && row.toolType == base.type.rawValue
                if isCurrent || row.toolType == "custom" { continue }
            }
            var tool = Tool(
                id: ids.next(), toolType: base.type.rawValue, name: base.name, tags: base.tags,
                returnCharLimit: BaseTool.returnCharacterLimit)
            tool.description = base.description
            tool.sourceType = "python"
            tool.jsonSchema = schema
            tool.enableParallelExecution = base.canRunInParallel
            tool.metadata = ObjectDocument()
            tool.createdByID = db.user
            tool.lastUpdatedByID = db.user
            if let kept = existing.first(where: { $0.name == base.name })?.wire {
                tool.tags = kept.tags
                tool.returnCharLimit = kept.returnCharLimit
                tool.defaultRequiresApproval = kept.defaultRequiresApproval
                tool.metadata = kept.metadata
            }
            // One microsecond apart, so that lists have a fixed order.
            let created = Timestamp(microseconds: time.microseconds + Int64(index))
            try ToolStore.upsert(Stored(tool, at: created), db)
        }
    }
}
