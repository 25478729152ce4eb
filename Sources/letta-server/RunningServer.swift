import JSON
import LettaAPI
import LettaClient
import LettaServer

/// A running server whose agents are fetched through its API, one by one.
struct RunningServer: Sendable {
    private static let agents = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/agents/", "Lists agents.")
    private static let export = Endpoint<ID<AgentState>, Export, NoBody, JSONValue>(
        .get, "/v1/agents/{agent_id}/export", "Exports an agent.")

    struct Page: Codable, Sendable {
        var limit = 100
        var after: String?
        var ascending: Bool? = true
        var order: String? = "asc"
        var agentID: String?
        var useAssistantMessage: Bool?
        var includeContent: Bool?
        var showHiddenGroups: Bool?
        var showHiddenBlocks: Bool?
    }

    struct Export: Codable, Sendable {
        /// Its messages take the place of the agent's own.
        var conversationID: String?
    }

    let client: LettaClient
    /// Whether the passages of archives are put into the files, to be counted, instead of being fetched after the agents.
    var countsPassages = false

    /// Passes `body` the server at an address.
    static func with(
        _ address: String, password: String?, countsPassages: Bool, _ body: (RunningServer) async throws -> Void
    ) async throws {
        let base = address.hasSuffix("/") ? String(address.dropLast()) : address
        try await LettaClient.withClient(baseURL: base, token: password) {
            try await body(RunningServer(client: $0, countsPassages: countsPassages))
        }
    }

    /// All agents as files that are fetched when it is their turn; agents that manage others first, so that those come in
    /// their files.
    func sources() async throws -> [AgentTransfer.Source] {
        let agents = try await agents()
        let identities = try await agentsOfIdentities()
        let files = try await files()
        let managers = agents.filter { !Self.members($0).isEmpty }
        let inFiles = Set(managers.flatMap(Self.members))
        let names = Dictionary(agents.map { ($0["id"]?.string ?? "", $0["name"]?.string ?? "") }) { first, _ in first }
        let byID = Dictionary(agents.map { ($0["id"]?.string ?? "", $0) }) { first, _ in first }
        let others = agents.filter { Self.members($0).isEmpty && !inFiles.contains($0["id"]?.string ?? "") }
        return (managers + others).compactMap { agent in
            guard let id = agent["id"]?.string else { return nil }
            let members = Self.members(agent)
            return AgentTransfer.Source(name: "\(agent["name"]?.string ?? "") (\(id))") {
                try await content(id, members.map { (id: $0, name: names[$0] ?? "") }, byID, identities, files)
            }
        }
    }

    func agents() async throws -> [JSONValue] {
        try await all { try await client.call(Self.agents, query: $0) }
    }

    /// The agents of the group that an agent manages.
    private static func members(_ agent: JSONValue) -> [String] {
        for name in ["managed_group", "multi_agent_group"] {
            guard let group = agent[name], group["manager_agent_id"] == agent["id"] else { continue }
            return (group["agent_ids"]?.array ?? []).compactMap(\.string)
        }
        return []
    }

    private func content(
        _ id: String, _ members: [(id: String, name: String)], _ agents: [String: JSONValue],
        _ identities: [FileCompletion.Identity], _ files: FolderIDs
    ) async throws -> AgentTransfer.Source.Content {
        let file = try await export(id)
        guard let object = file.object, let entries = object["agents"]?.array, let first = entries.first?.object else {
            return AgentTransfer.Source.Content(bytes: JSONWriter.bytes(of: file))
        }
        var ids: [String: String] = [first["id"]?.string ?? "": id]
        for entry in entries.dropFirst() {
            let named = members.filter { $0.name == entry["name"]?.string }
            if named.count == 1, let place = entry["id"]?.string { ids[place] = named[0].id }
        }
        var completion = FileCompletion(
            object, of: ids.compactMapValues { agents[$0] }, identities, files, from: self)
        try await completion.run()
        return AgentTransfer.Source.Content(
            bytes: JSONWriter.bytes(of: JSONValue.object(completion.file)), agentIDs: ids,
            messages: completion.messages, rows: completion.rows)
    }

    /// - Parameter conversation: the one whose messages take the place of the agent's own.
    func export(_ agent: String, conversation: String? = nil) async throws -> JSONValue {
        try await client.call(Self.export, path: ID(agent), query: Export(conversationID: conversation))
    }

    /// The elements of all pages of a list.
    func all(
        _ first: Page = Page(), _ page: (Page) async throws -> JSONValue
    ) async throws -> [JSONValue] {
        var elements: [JSONValue] = []
        try await pages(first, page) { elements += $0 }
        return elements
    }

    /// Calls `body` with one page of a list after the other.
    func pages(
        _ first: Page = Page(), _ page: (Page) async throws -> JSONValue, _ body: ([JSONValue]) async throws -> Void
    ) async throws {
        var request = first
        while true {
            let next = try await page(request).array ?? []
            let last = next.last?["id"]?.string
            try await body(next)
            guard next.count >= request.limit, let last, last != request.after else { return }
            request.after = last
        }
    }
}
