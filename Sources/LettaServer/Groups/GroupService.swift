import JSON
import LettaAPI
import Storage

/// The rules of groups: which fields a type of manager has, and that members, manager and shared blocks exist.
struct GroupService: Sendable {
    let core: Core

    func list(_ query: ListGroups, as scope: Scope) async throws -> Page<Group> {
        try await core.storage.read(as: scope) { db in try GroupStore.page(query, db) }
    }

    /// Lists the groups that an agent is a member of. The agent itself shows those that it manages, as with the peer.
    func list(of agent: ID<AgentState>, _ query: ListAgentGroups, as scope: Scope) async throws -> Page<Group> {
        let request = try PageRequest(query, defaultLimit: 100)
        return try await core.storage.read(as: scope) { db in
            guard try AgentStore.exists(agent, db) else { throw APIError.notFound("Agent", agent) }
            let groups = try GroupStore.groups(with: agent, db)
                .filter { query.managerType == nil || $0.managerType == query.managerType }
            return request.page(of: groups) { $0.id.rawValue }
        }
    }

    func count(as scope: Scope) async throws -> Int {
        try await core.storage.read(as: scope) { db in try db.count(GroupStore.table, where: []) }
    }

    func retrieve(_ id: ID<Group>, as scope: Scope) async throws -> Group {
        try await core.storage.read(as: scope) { db in try GroupStore.group(of: try Self.row(id, db), db) }
    }

    /// Creates a group. Its agents and their manager get the shared blocks.
    ///
    /// - Parameter origin: the template that the group was made from; nil for none.
    func create(
        _ body: CreateGroup, from origin: TemplateOrigin? = nil, as scope: Scope
    ) async throws -> Group {
        let (id, time) = (core.ids.next(Group.self), core.now())
        return try await core.storage.write(as: scope) { db in
            try Self.insert(body, as: id, from: origin, at: time, db)
        }
    }

    /// Creates a group in the caller's transaction.
    static func insert(
        _ body: CreateGroup, as id: ID<Group>, from origin: TemplateOrigin?, at time: Timestamp, _ db: Transaction
    ) throws -> Group {
        let manager = body.managerConfig ?? GroupManagement(.roundRobin)
        var group = Group(
            id: id, managerType: manager.managerType, managerAgentID: nil, agentIDs: body.agentIDs,
            description: body.description)
        group.terminationToken = manager.managerType == .dynamic ? defaultTerminationToken : nil
        try apply(manager, to: &group)
        group.projectID = body.projectID ?? db.project
        group.sharedBlockIDs = (body.sharedBlockIDs ?? []).withoutDuplicates
        group.hidden = body.hidden
        group.templateID = origin?.templateID
        group.baseTemplateID = origin?.baseTemplateID
        group.deploymentID = origin?.deploymentID
        let blocks = try AgentService.existingBlocks(group.sharedBlockIDs.map(\.rawValue), db)
        try checkAgents(of: group, locking: true, db)
        try GroupStore.insert(group, at: time, db)
        try CoreMemoryService.attach(blocks, to: agents(of: group), db)
        return group
    }

    /// Changes the fields present in the body. New members and a new manager get the shared blocks, all of them new shared
    /// blocks; those that are not shared any more are detached, also from agents that leave.
    func update(_ id: ID<Group>, applying change: UpdateGroup, as scope: Scope) async throws -> Group {
        let time = core.now()
        return try await core.storage.write(as: scope) { db in
            // Lock order: blocks, agents, groups. Deleting an agent locks it, then its groups.
            let known = try GroupStore.group(of: try Self.row(id, db), db)
            let blocks = try AgentService.existingBlocks(
                (change.sharedBlockIDs.value ?? known.sharedBlockIDs).map(\.rawValue), db)
            let manager = change.managerConfig.value?.managerAgentID.value
            let agents = Self.agents(of: known) + (change.agentIDs.value ?? []) + [manager].compactMap { $0 }
            _ = try db.fetch(AgentStore.table, agents.withoutDuplicates, locking: true)
            var row = try Self.row(id, locking: true, db)
            let old = try GroupStore.group(of: row, db)
            guard Self.agents(of: old) == Self.agents(of: known), old.sharedBlockIDs == known.sharedBlockIDs else {
                throw APIError.conflict("Group \(id) was changed by another request at the same time. Retry.")
            }
            var group = old
            change.agentIDs.apply(to: &group.agentIDs)
            change.description.apply(to: &group.description)
            if let manager = change.managerConfig.value {
                guard manager.managerType == group.managerType else {
                    throw APIError.invalidArgument(
                        "Group \(id) is managed as '\(group.managerType.rawValue)', which can't be changed to "
                            + "'\(manager.managerType.rawValue)'. Create another group.")
                }
                try Self.apply(manager, to: &group)
            }
            change.projectID.apply(to: &group.projectID)
            if let blocks = change.sharedBlockIDs.value { group.sharedBlockIDs = blocks.withoutDuplicates }
            guard group != old else { return old }
            if group.agentIDs != old.agentIDs || group.managerAgentID != old.managerAgentID {
                try Self.checkAgents(of: group, locking: false, db)
            }
            row.wire = group
            row.updatedAt = max(time, row.updatedAt)
            try GroupStore.update(row, from: old, db)
            let (before, after) = (Self.agents(of: old), Self.agents(of: group))
            try GroupStore.detachUnshared(old.sharedBlockIDs, from: before, db)
            try CoreMemoryService.attach(blocks, to: after.filter { !before.contains($0) }, db)
            try CoreMemoryService.attach(
                blocks.filter { !old.sharedBlockIDs.contains($0.id) }, to: after.filter(before.contains), db)
            return group
        }
    }

    func delete(_ id: ID<Group>, as scope: Scope) async throws -> MessageOutput {
        try await core.storage.write(as: scope) { db in
            _ = try Self.row(id, locking: true, db)
            try db.delete(id, from: GroupStore.table)
        }
        return MessageOutput("Group id=\(id) successfully deleted")
    }

    // MARK: Shared blocks

    /// Adds a block to those of the group alone; does nothing when it is there already.
    func attach(_ block: ID<Block>, to id: ID<Group>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try AgentService.existingBlocks([block.rawValue], db)
            _ = try Self.row(id, locking: true, db)
            try GroupStore.attach(block, to: id, db)
        }
    }

    func detach(_ block: ID<Block>, from id: ID<Group>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try AgentService.existingBlocks([block.rawValue], db)
            _ = try Self.row(id, locking: true, db)
            try GroupStore.detach(block, from: id, db)
        }
    }

    // MARK: Messages

    func messages(of id: ID<Group>, _ query: ListRelated, as scope: Scope) async throws -> Page<LettaMessage> {
        let request = try PageRequest(query, defaultLimit: 10)
        return try await core.storage.read(as: scope) { db in
            _ = try Self.row(id, db)
            return try MessageService.entries(try GroupRunStore.page(of: id, request, db), only: nil)
        }
    }

    func reset(_ id: ID<Group>, as scope: Scope) async throws {
        try await core.storage.write(as: scope) { db in
            _ = try Self.row(id, locking: true, db)
            try GroupRunStore.deleteAll(of: id, db)
        }
    }
}

extension GroupService {
    private static let defaultTerminationToken = "DONE!"

    private static func row(_ id: ID<Group>, locking: Bool = false, _ db: Transaction) throws -> Stored<Group> {
        guard let row = try db.fetch(GroupStore.table, id, locking: locking) else {
            throw APIError.notFound("Group", id)
        }
        return row
    }

    /// The members and the manager.
    static func agents(of group: Group) -> [ID<AgentState>] {
        (group.agentIDs + [group.managerAgentID].compactMap { $0 }).withoutDuplicates
    }

    /// Applies the fields that the type of manager has.
    ///
    /// - Throws: `APIError` 422 naming the field.
    static func apply(_ manager: GroupManagement, to group: inout Group) throws {
        switch manager.managerType {
        case .roundRobin, .supervisor: break
        case .dynamic: manager.terminationToken.apply(to: &group.terminationToken)
        case .sleeptime:
            manager.sleeptimeAgentFrequency.apply(to: &group.sleeptimeAgentFrequency)
            try AgentRules.checkPositive("sleeptime_agent_frequency", group.sleeptimeAgentFrequency)
            if group.sleeptimeAgentFrequency != nil, group.turnsCounter == nil { group.turnsCounter = -1 }
        case .voiceSleeptime:
            manager.maxMessageBufferLength.apply(to: &group.maxMessageBufferLength)
            manager.minMessageBufferLength.apply(to: &group.minMessageBufferLength)
            try checkBuffer(of: group)
        case .swarm:
            throw APIError.invalidField(
                "manager_type",
                "groups of this type can't be created; use round_robin, supervisor, dynamic, "
                    + "sleeptime or voice_sleeptime", input: "swarm")
        }
        if manager.managerType == .roundRobin || manager.managerType == .dynamic {
            manager.maxTurns.apply(to: &group.maxTurns)
            try AgentRules.checkPositive("max_turns", group.maxTurns)
        }
        guard manager.managerType != .roundRobin else { return }
        if let agent = manager.managerAgentID.value { group.managerAgentID = agent }
        guard group.managerAgentID != nil else {
            throw APIError.invalidField(
                "manager_agent_id", "a group of type '\(group.managerType.rawValue)' needs an agent that manages it",
                input: .null)
        }
    }

    private static func checkBuffer(of group: Group) throws {
        let (longest, shortest) = (group.maxMessageBufferLength, group.minMessageBufferLength)
        guard longest != nil || shortest != nil else { return }
        guard let longest, let shortest, shortest > 4, longest > shortest else {
            throw APIError.invalidField(
                "max_message_buffer_length",
                "needs a min_message_buffer_length of at least 5, and must be greater than that",
                input: longest.map { .int(Int64($0)) } ?? .null)
        }
    }

    /// - Throws: `APIError`: 404 when one of them does not exist, 422 when an agent is named twice, or when two agents
    ///   of a dynamic group have one name, by which its manager calls them.
    static func checkAgents(of group: Group, locking: Bool, _ db: Transaction) throws {
        func refuse(_ text: String) -> APIError {
            .invalidField("agent_ids", text, input: .array(group.agentIDs.map { .string($0.rawValue) }))
        }
        guard Set(group.agentIDs).count == group.agentIDs.count else {
            throw refuse("an agent can be a member of a group once")
        }
        if group.managerType == .sleeptime || group.managerType == .voiceSleeptime, let manager = group.managerAgentID,
            group.agentIDs.contains(manager)
        {
            throw refuse("an agent can't be its own companion")
        }
        let agents = try db.fetch(AgentStore.table, agents(of: group), locking: locking)
        let found = Dictionary(uniqueKeysWithValues: agents.map { ($0.id, $0.name) })
        let missing = group.agentIDs.filter { found[$0] == nil }.map { "'\($0)'" }.sorted()
        guard missing.isEmpty else {
            throw APIError(404, "Items not found in agents: {\(missing.joined(separator: ", "))}")
        }
        if let manager = group.managerAgentID, found[manager] == nil { throw APIError.notFound("Agent", manager) }
        let names = group.agentIDs.compactMap { found[$0] }
        guard group.managerType != .dynamic || Set(names).count == names.count else {
            throw refuse("the agents of a dynamic group need different names")
        }
    }
}
