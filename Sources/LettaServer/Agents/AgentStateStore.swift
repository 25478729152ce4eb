import LettaAPI
import Storage

/// The relations that are loaded besides an agent's own fields.
struct AgentRelationSet: OptionSet, Sendable {
    let rawValue: Int

    static let blocks = AgentRelationSet(rawValue: 1)
    static let tools = AgentRelationSet(rawValue: 2)
    static let tags = AgentRelationSet(rawValue: 4)
    static let secrets = AgentRelationSet(rawValue: 8)
    static let managedGroup = AgentRelationSet(rawValue: 16)
    static let identities = AgentRelationSet(rawValue: 32)
    static let sources = AgentRelationSet(rawValue: 64)
    static let pendingApproval = AgentRelationSet(rawValue: 128)
    static let all: AgentRelationSet = [
        .blocks, .tools, .tags, .secrets, .managedGroup, .identities, .sources, .pendingApproval,
    ]

    /// The relations named by the older parameter; unknown names are ignored, as by the peer.
    init(relationships names: [String]) {
        self = []
        for name in names {
            switch name {
            case "memory", "blocks": insert(.blocks)
            case "tools": insert(.tools)
            case "tags": insert(.tags)
            case "secrets", "tool_exec_environment_variables": insert(.secrets)
            case "identities": insert(.identities)
            case "sources": insert(.sources)
            case "multi_agent_group", "managed_group": insert(.managedGroup)
            default: break
            }
        }
    }

    init(_ inclusions: [AgentInclusion]) {
        self = []
        for inclusion in inclusions {
            switch inclusion {
            case .blocks: insert(.blocks)
            case .tools: insert(.tools)
            case .tags: insert(.tags)
            case .secrets: insert(.secrets)
            case .managedGroup: insert(.managedGroup)
            case .identities: insert(.identities)
            case .sources: insert(.sources)
            case .pendingApproval: insert(.pendingApproval)
            }
        }
    }

    init(rawValue: Int) {
        self.rawValue = rawValue
    }
}

/// Assembles agents from their tables with one query per table, however many agents there are.
enum AgentStateStore {
    /// The agents of a list. Their open files have no text, which may be megabytes per agent.
    static func states(
        of page: Page<AgentRow>, with relations: AgentRelationSet, _ db: Transaction
    ) throws -> Page<AgentState> {
        page.replacing(with: try states(of: page.items, with: relations, fileTexts: false, db))
    }

    private static func states(
        of rows: [AgentRow], with relations: AgentRelationSet, fileTexts: Bool, _ db: Transaction
    ) throws -> [AgentState] {
        let ids = rows.map(\.id)
        let context = try MessageStore.contextIDs(of: ids, db)
        let tools = relations.contains(.tools) ? try ToolStore.tools(of: ids, db) : [:]
        let tags = relations.contains(.tags) ? try TagStore.tags(of: ids, owner: "agent", db) : [:]
        let secrets = relations.contains(.secrets) ? try AgentStore.secrets(of: ids, db) : [:]
        let blocks = relations.contains(.blocks) ? try blocks(of: ids, db) : [:]
        let groups = relations.contains(.managedGroup) ? try GroupStore.managed(by: ids, db) : [:]
        let identities = relations.contains(.identities) ? try IdentityStore.identities(of: ids, db) : [:]
        let sources = relations.contains(.sources) ? try AgentFileStore.folders(of: ids, db) : [:]
        let files = relations.contains(.blocks) ? try AgentFileStore.files(of: ids, texts: fileTexts, db) : [:]
        let waiting = relations.contains(.pendingApproval) ? try WaitingApprovalStore.requests(of: ids, db) : [:]
        return rows.map { row in
            var loaded = AgentRelations()
            loaded.blocks = blocks[row.id] ?? []
            loaded.tools = tools[row.id] ?? []
            loaded.tags = tags[row.id] ?? []
            loaded.secrets = secrets[row.id] ?? []
            loaded.identities = identities[row.id] ?? []
            loaded.managedGroup = groups[row.id]
            loaded.pendingApproval = waiting[row.id]
            loaded.sources = (sources[row.id] ?? []).map(Source.init)
            loaded.fileBlocks = (files[row.id] ?? []).map {
                FileBlock($0, limit: row.fileLimits.charactersPerFile)
            }
            return row.wire(messageIDs: context[row.id] ?? [], relations: loaded)
        }
    }

    static func state(
        of row: AgentRow, with relations: AgentRelationSet = .all, _ db: Transaction
    ) throws -> AgentState {
        guard let state = try states(of: [row], with: relations, fileTexts: true, db).first else {
            throw APIError.notFound("Agent", row.id)
        }
        return state
    }

    private static func blocks(of agents: [ID<AgentState>], _ db: Transaction) throws -> [ID<AgentState>: [Block]] {
        let rows = try AgentBlockStore.blocks(of: agents, db)
        let tags = try BlockStore.tags(of: rows.values.flatMap { $0.map(\.id) }.withoutDuplicates, db)
        return rows.mapValues { $0.map { $0.wire(tags: tags[$0.id] ?? []) } }
    }
}
