import LettaAPI
import LettaClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct ArchiveCallTests {
    private func newAgent(_ client: LettaClient) async throws -> ID<AgentState> {
        var agent = CreateAgent()
        agent.name = "Ada"
        agent.model = "openai-proxy/mock"
        return try await client.agents.create(agent).id
    }

    @Test func memoriesAreKeptFoundAndDeleted() async throws {
        try await withClient { client async throws in
            let agent = try await newAgent(client)
            let memory = client.agents.archivalMemory
            for text in ["Owls hoot", "Cats like fish", "Dogs like bones"] {
                let made = try await memory.create(CreateArchivalMemory(text: text, tags: ["animal"]), for: agent)
                #expect(made.map(\.text) == [text])
                #expect(made.first?.tags == ["animal"])
            }
            var query = ListArchivalMemory()
            query.limit = 2
            var texts: [String] = []
            for try await passage in memory.list(of: agent, query) { texts.append(passage.text) }
            #expect(texts == ["Owls hoot", "Cats like fish", "Dogs like bones"])
            var search = SearchArchivalMemory("like")
            search.tags = ["animal"]
            search.startDatetime = DayOrTime(iso8601: "2020-01-01")
            search.topK = 5
            let found = try await memory.search(search, of: agent)
            #expect(found.map(\.content) == ["Dogs like bones", "Cats like fish"])
            try await memory.delete(try #require(found.first).id, of: agent)
            #expect(try await memory.search(search, of: agent).count == 1)
        }
    }

    @Test func archivesAreSharedAndDeleted() async throws {
        try await withClient { client async throws in
            let agent = try await newAgent(client)
            let archive = try await client.archives.create(CreateArchive(name: "shared", description: "d"))
            var changes = UpdateArchive()
            changes.description = .clear
            #expect(try await client.archives.update(archive.id, changes).description == nil)
            #expect(try await client.archives.retrieve(archive.id).name == "shared")
            let passage = try await client.archives.add(CreatePassage(text: "one", tags: ["t"]), to: archive.id)
            let more = try await client.archives.add([CreatePassage(text: "two")], to: archive.id)
            #expect(more.map(\.text) == ["two"])
            try await client.agents.archivalMemory.attach(archive.id, to: agent)
            var agents: [ID<AgentState>] = []
            for try await one in client.archives.agents(with: archive.id) { agents.append(one.id) }
            #expect(agents == [agent])
            var search = SearchPassages()
            search.query = "one"
            #expect(try await client.passages.search(search).map(\.passage.id) == [passage.id])
            try await client.archives.delete(passage.id, from: archive.id)
            #expect(try await client.passages.search(search).isEmpty)
            try await client.agents.archivalMemory.detach(archive.id, from: agent)
            try await client.archives.delete(archive.id)
            var names: [String] = []
            for try await one in client.archives.list() { names.append(one.name) }
            #expect(names == [])
        }
    }
}
