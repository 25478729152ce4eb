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
        var showHiddenAgents: Bool?
        var showHiddenGroups: Bool?
        var showHiddenBlocks: Bool?
        var templatesOnly: Bool?
    }

    struct Export: Codable, Sendable {
        /// Its messages take the place of the agent's own.
        var conversationID: String?
    }

    /// More than anybody has: a list that goes on and on is no list.
    private static let mostElements = 20_000_000

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

    /// All agents as files that are fetched when it is their turn.
    func sources() async throws -> [AgentTransfer.Source] {
        let identities = try await agentsOfIdentities()
        let files = try await files()
        return try await agents().compactMap { agent in
            guard let id = agent["id"]?.string else { return nil }
            return AgentTransfer.Source(name: "\(agent["name"]?.string ?? "") (\(id))") {
                try await content(agent, id, identities, files)
            }
        }
    }

    func agents() async throws -> [JSONValue] {
        try await all(Page(showHiddenAgents: true)) { try await client.call(Self.agents, query: $0) }
    }

    private func content(
        _ agent: JSONValue, _ id: String, _ identities: [FileCompletion.Identity], _ files: FolderIDs
    ) async throws -> AgentTransfer.Source.Content {
        let file = try await export(id)
        guard let object = file.object, object["agents"]?.array?.isEmpty == false else {
            return AgentTransfer.Source.Content(bytes: JSONWriter.bytes(of: file))
        }
        var completion = FileCompletion(object, of: agent, identities, files, from: self)
        try await completion.run()
        let place = completion.file["agents"]?[0]?["id"]?.string ?? ""
        return AgentTransfer.Source.Content(
            bytes: JSONWriter.bytes(of: JSONValue.object(completion.file)), agentIDs: [place: id],
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

    /// Calls `body` with the new elements of one page of a list after the other, until a page has none: some servers have
    /// smaller pages than they are asked for, and some give the same one again.
    ///
    /// - Throws: `APIError` for a list without end.
    func pages(
        _ first: Page = Page(), _ page: (Page) async throws -> JSONValue, _ body: ([JSONValue]) async throws -> Void
    ) async throws {
        var request = first
        var seen: Set<String> = []
        while true {
            var last: String?
            let new = (try await page(request).array ?? []).filter { element in
                guard let id = element["id"]?.string else { return false }
                last = id
                // A message is listed as several elements.
                return seen.insert("\(id) \(element["message_type"]?.string ?? "") \(element["otid"]?.string ?? "")")
                    .inserted
            }
            guard !new.isEmpty, let last else { return }
            guard seen.count <= Self.mostElements else {
                throw APIError(400, "The server's list has more than \(Self.mostElements) elements.")
            }
            try await body(new)
            request.after = last
        }
    }
}
