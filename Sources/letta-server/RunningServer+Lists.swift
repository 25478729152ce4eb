import JSON
import LettaAPI
import LettaClient

/// What is asked for beside the files.
extension RunningServer {
    private static let messages = Endpoint<ID<AgentState>, Page, NoBody, JSONValue>(
        .get, "/v1/agents/{agent_id}/messages", "Lists messages.")
    private static let talk = Endpoint<ID<Conversation>, Page, NoBody, JSONValue>(
        .get, "/v1/conversations/{conversation_id}/messages", "Lists the messages of a conversation.")
    private static let providers = Endpoint<NoPath, Page, NoBody, JSONValue>(
        .get, "/v1/providers/", "Lists providers.")
    private static let runs = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/runs/", "Lists runs.")
    private static let steps = Endpoint<ID<Run>, Page, NoBody, JSONValue>(
        .get, "/v1/runs/{run_id}/steps", "Lists the steps of a run.")
    private static let passages = Endpoint<ID<AgentState>, Page, NoBody, JSONValue>(
        .get, "/v1/agents/{agent_id}/archival-memory", "Lists archival memory.")
    private static let conversations = Endpoint<NoPath, Page, NoBody, JSONValue>(
        .get, "/v1/conversations/", "Lists conversations.")
    private static let blocks = Endpoint<ID<Block>, NoQuery, NoBody, JSONValue>(
        .get, "/v1/blocks/{block_id}", "Retrieves a block.")
    private static let identities = Endpoint<NoPath, Page, NoBody, JSONValue>(
        .get, "/v1/identities/", "Lists identities.")
    private static let agentsOfIdentity = Endpoint<ID<Identity>, Page, NoBody, JSONValue>(
        .get, "/v1/identities/{identity_id}/agents", "Lists the agents of an identity.")

    func passages(of agent: String) async throws -> [JSONValue] {
        try await all { try await client.call(Self.passages, path: ID(agent), query: $0) }
    }

    func conversations(of agent: String) async throws -> [JSONValue] {
        try await ifServed {
            try await all(Page(agentID: agent)) { try await client.call(Self.conversations, query: $0) }
        }
    }

    func block(_ id: String) async throws -> JSONValue {
        try await client.call(Self.blocks, path: ID(id))
    }

    /// Oldest first.
    func messages(of agent: String) async throws -> [MessageIDs.Listed] {
        // Otherwise what an agent says by a tool is shown without the tool's result.
        let elements = try await all(Page(useAssistantMessage: false)) {
            try await client.call(Self.messages, path: ID(agent), query: $0)
        }
        return MessageIDs.Listed.messages(elements)
    }

    /// Oldest first.
    func messages(ofConversation id: String) async throws -> [MessageIDs.Listed] {
        MessageIDs.Listed.messages(
            try await all { try await client.call(Self.talk, path: ID(id), query: $0) })
    }

    func providers() async throws -> [JSONValue] {
        try await ifServed { try await all { try await client.call(Self.providers, query: $0) } }
    }

    /// Calls `body` with some runs at a time, and with their steps, which have the times of their runs.
    func runs(_ body: (_ runs: [JSONValue], _ steps: [JSONValue]) async throws -> Void) async throws {
        try await pages(Page(), { try await client.call(Self.runs, query: $0) }) { runs in
            var steps: [JSONValue] = []
            for run in runs {
                guard let id = run["id"]?.string else { continue }
                let own = try await all { try await client.call(Self.steps, path: ID(id), query: $0) }
                steps += own.compactMap(\.object).map { step in
                    var step = step
                    step["created_at"] = run["created_at"] ?? .null
                    return .object(step)
                }
            }
            try await body(runs, steps)
        }
    }

    func identities() async throws -> [JSONValue] {
        try await ifServed { try await all { try await client.call(Self.identities, query: $0) } }
    }

    func agentsOfIdentities() async throws -> [FileCompletion.Identity] {
        var identities: [FileCompletion.Identity] = []
        for identity in try await self.identities() {
            guard let id = identity["id"]?.string else { continue }
            let agents = try await ifServed {
                try await all { try await client.call(Self.agentsOfIdentity, path: ID(id), query: $0) }
            }
            let listed =
                agents.compactMap { $0["id"]?.string } + (identity["agent_ids"]?.array ?? []).compactMap(\.string)
            identities.append(
                .init(
                    entry: identity.members("id", "identifier_key", "name", "identity_type", "properties"),
                    agents: Set(listed)))
        }
        return identities
    }

    /// Nothing where the server is of a version that does not have such things yet.
    private func ifServed(_ list: () async throws -> [JSONValue]) async throws -> [JSONValue] {
        do {
            return try await list()
        } catch let error as LettaClientError where [404, 405].contains(error.status) {
            return []
        }
    }
}

extension JSONValue {
    /// Some members of an object, those that it has.
    func members(_ names: String...) -> JSONObject {
        var members = JSONObject()
        for name in names {
            if let value = self[name], !value.isNull { members[name] = value }
        }
        return members
    }
}
