import JSON
import LettaAPI
import LettaClient
import LettaServer

/// A running server whose agents are fetched through its API, one by one.
struct RunningServer: Sendable {
    private static let agents = Endpoint<NoPath, Page, NoBody, JSONValue>(.get, "/v1/agents/", "Lists agents.")
    private static let export = Endpoint<ID<AgentState>, Export, NoBody, JSONValue>(
        .get, "/v1/agents/{agent_id}/export", "Exports an agent.")
    private static let passages = Endpoint<ID<AgentState>, Page, NoBody, JSONValue>(
        .get, "/v1/agents/{agent_id}/archival-memory", "Lists archival memory.")

    private struct Page: Codable, Sendable {
        var limit = 100
        var after: String?
        var ascending: Bool? = true
        var order: String? = "asc"
    }

    private struct Export: Codable, Sendable {}

    private let client: LettaClient

    /// Passes `body` the server at an address.
    static func with(
        _ address: String, password: String?, _ body: (RunningServer) async throws -> Void
    ) async throws {
        let base = address.hasSuffix("/") ? String(address.dropLast()) : address
        try await LettaClient.withClient(baseURL: base, token: password) { try await body(RunningServer(client: $0)) }
    }

    /// All agents as files that are fetched when it is their turn; agents that manage others first, so that those come in
    /// their files.
    func sources() async throws -> [AgentTransfer.Source] {
        let agents = try await all { try await client.call(Self.agents, query: $0) }
        let managers = agents.filter { !Self.members($0).isEmpty }
        let inFiles = Set(managers.flatMap(Self.members))
        let names = Dictionary(agents.map { ($0["id"]?.string ?? "", $0["name"]?.string ?? "") }) { first, _ in first }
        let others = agents.filter { Self.members($0).isEmpty && !inFiles.contains($0["id"]?.string ?? "") }
        return (managers + others).compactMap { agent in
            guard let id = agent["id"]?.string else { return nil }
            let members = Self.members(agent)
            return AgentTransfer.Source(name: "\(agent["name"]?.string ?? "") (\(id))") {
                try await content(id, members.map { (id: $0, name: names[$0] ?? "") })
            }
        }
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
        _ id: String, _ members: [(id: String, name: String)]
    ) async throws -> AgentTransfer.Source.Content {
        let file = try await client.call(Self.export, path: ID(id), query: Export())
        guard var object = file.object, var agents = object["agents"]?.array, let first = agents.first?.object else {
            return AgentTransfer.Source.Content(bytes: JSONWriter.bytes(of: file))
        }
        var ids: [String: String] = [first["id"]?.string ?? "": id]
        for agent in agents.dropFirst() {
            let named = members.filter { $0.name == agent["name"]?.string }
            if named.count == 1, let place = agent["id"]?.string { ids[place] = named[0].id }
        }
        // Other servers have no archival memory in their files.
        if object["archives"] == nil {
            var archives: [JSONValue] = []
            for (index, agent) in agents.enumerated() {
                guard var entry = agent.object, let known = ids[entry["id"]?.string ?? ""] else { continue }
                let passages = try await all { try await client.call(Self.passages, path: ID(known), query: $0) }
                guard !passages.isEmpty else { continue }
                let archive = "archive-\(archives.count)"
                let name = JSONValue.string("\(entry["name"]?.string ?? "")'s archive")
                archives.append(["id": .string(archive), "name": name, "passages": .array(passages.map(Self.passage))])
                entry["archive_ids"] = [.string(archive)]
                agents[index] = .object(entry)
            }
            object["archives"] = .array(archives)
            object["agents"] = .array(agents)
        }
        return AgentTransfer.Source.Content(bytes: JSONWriter.bytes(of: JSONValue.object(object)), agentIDs: ids)
    }

    private static func passage(_ passage: JSONValue) -> JSONValue {
        var entry = JSONObject()
        for name in ["text", "tags", "metadata", "created_at"] { entry[name] = passage[name] ?? .null }
        return .object(entry)
    }

    /// The elements of all pages of a list.
    private func all(_ page: (Page) async throws -> JSONValue) async throws -> [JSONValue] {
        var elements: [JSONValue] = []
        var request = Page()
        while true {
            let next = try await page(request).array ?? []
            let last = next.last?["id"]?.string
            elements += next
            guard next.count >= request.limit, let last, last != request.after else { return elements }
            request.after = last
        }
    }
}
