import JSON
import LettaAPI
import LettaClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct AgentCallTests {
    private static func new(_ name: String) -> CreateAgent {
        var agent = CreateAgent()
        agent.name = name
        agent.model = "openai-proxy/mock"
        agent.embedding = "openai/text-embedding-3-small"
        agent.memoryBlocks = [CreateBlock(label: "human", value: "Likes engines.")]
        agent.tags = ["count"]
        return agent
    }

    @Test func anAgentIsMadeReadChangedAndDeleted() async throws {
        try await withClient { client async throws in
            let made = try await client.agents.create(Self.new("Ada"))
            #expect(made.name == "Ada")
            #expect(made.relations.blocks.map(\.label) == ["human"])

            var changes = UpdateAgent()
            changes.name = .set("Lovelace")
            changes.description = .set("the first")
            #expect(try await client.agents.update(made.id, changes).description == "the first")
            changes = UpdateAgent()
            changes.description = .clear
            let changed = try await client.agents.update(made.id, changes)
            #expect(changed.name == "Lovelace")
            #expect(changed.description == nil)

            let read = try await client.agents.retrieve(made.id)
            #expect(read.name == "Lovelace")
            #expect(read.relations.tags == ["count"])
            #expect(try read.llmConfig.content().model == "mock")
            #expect(try await client.agents.count() == 1)

            try await client.agents.delete(made.id)
            let failure = await failure { _ = try await client.agents.retrieve(made.id) }
            #expect(failure?.status == 404)
            #expect(failure?.description.contains("Agent with ID \(made.id) not found") == true)
        }
    }

    @Test func fewerRelationsAreLoadedWhereFewerAreNamed() async throws {
        try await withClient { client async throws in
            let made = try await client.agents.create(Self.new("Ada"))
            var query = RetrieveAgent()
            query.includeRelationships = ["tags"]
            let read = try await client.agents.retrieve(made.id, query)
            #expect(read.relations.tags == ["count"])
            #expect(read.relations.blocks.isEmpty)
            #expect(read.relations.tools.isEmpty)
        }
    }

    @Test func aListIsWalkedOverItsPages() async throws {
        try await withClient { client async throws in
            var made: [String] = []
            for number in 1...5 { made.append(try await client.agents.create(Self.new("agent \(number)")).id.rawValue) }
            var query = ListAgents()
            query.limit = 2
            query.order = .ascending
            var read: [String] = []
            for try await agent in client.agents.list(query) { read.append(agent.id.rawValue) }
            #expect(read == made)

            query.after = made[1]
            var pages: [[String]] = []
            for try await page in client.agents.list(query).pages { pages.append(page.map(\.id.rawValue)) }
            #expect(pages == [[made[2], made[3]], [made[4]]])

            query.filter.name = "agent 3"
            query.after = nil
            var named: [String] = []
            for try await agent in client.agents.list(query) { named.append(agent.name) }
            #expect(named == ["agent 3"])

            var tags: [String] = []
            for try await tag in client.tags.list() { tags.append(tag) }
            #expect(tags == ["count"])
        }
    }

    @Test func agentsAreFoundByConditions() async throws {
        try await withClient { client async throws in
            for number in 1...3 { _ = try await client.agents.create(Self.new("agent \(number)")) }
            var search = SearchAgents()
            search.limit = 2
            let first = try await client.agents.search(search)
            #expect(first.agents.count == 2)
            #expect(first.nextCursor != nil)
            search.after = first.nextCursor
            #expect(try await client.agents.search(search).agents.count == 1)
        }
    }

    @Test func theContextIsShownAndMadeAnew() async throws {
        try await withClient { client async throws in
            let agent = try await client.agents.create(Self.new("Ada")).id
            let window = try await client.agents.context(agent)
            #expect(window.sizeCurrent > 0)
            #expect(window.coreMemory.text?.contains("Likes engines.") == true)
            #expect(try await client.agents.recompile(agent).contains("Likes engines."))
        }
    }

    @Test func theBlocksOfAnAgentComeAndGo() async throws {
        try await withClient { client async throws in
            let agent = try await client.agents.create(Self.new("Ada")).id
            let memory = client.agents.coreMemory
            let block = try await client.blocks.create(CreateBlock(label: "a label/of mine", value: "x"))
            try await memory.attach(block.id, to: agent)
            var labels: [String?] = []
            for try await block in memory.blocks(of: agent) { labels.append(block.label) }
            #expect(labels == ["human", "a label/of mine"])
            #expect(try await memory.retrieve(of: agent).blocks.count == 2)

            var changes = UpdateBlock()
            changes.value = .set(BlockValue("y"))
            _ = try await memory.updateBlock(labelled: "a label/of mine", of: agent, changes)
            #expect(try await memory.block(labelled: "a label/of mine", of: agent).value == "y")
            #expect(try await memory.variables(of: agent) == [:])

            try await memory.detach(block.id, from: agent)
            let failure = await failure { _ = try await memory.block(labelled: "a label/of mine", of: agent) }
            #expect(failure?.status == 404)
            #expect(try await client.blocks.retrieve(block.id).value == "y")
        }
    }

    @Test func theToolsOfAnAgentComeAndGo() async throws {
        try await withClient { client async throws in
            let agent = try await client.agents.create(Self.new("Ada")).id
            var before: [Tool] = []
            for try await tool in client.agents.tools.list(of: agent) { before.append(tool) }
            let tool = try #require(before.first)
            try await client.agents.tools.detach(tool.id, from: agent)
            var after: [String] = []
            for try await tool in client.agents.tools.list(of: agent) { after.append(tool.name) }
            #expect(Set(after) == Set(before.map(\.name)).subtracting([tool.name]))
            try await client.agents.tools.attach(tool.id, to: agent)
            #expect(try await client.agents.retrieve(agent).relations.tools.contains { $0.id == tool.id })
        }
    }
}
