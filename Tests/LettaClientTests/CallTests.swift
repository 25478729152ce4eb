import JSON
import LettaAPI
import LettaClient
import Testing

/// Calls of a real server, one for each way a call can be made.
@Suite(.timeLimit(.minutes(2))) struct CallTests {
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
            let made = try await client.call(API.Agents.create, body: Self.new("Ada"))
            #expect(made.name == "Ada")
            #expect(made.relations.blocks.map(\.label) == ["human"])

            var changes = UpdateAgent()
            changes.name = .set("Lovelace")
            changes.description = .set("the first")
            #expect(try await client.call(API.Agents.update, path: made.id, body: changes).description == "the first")
            changes = UpdateAgent()
            changes.description = .clear
            let changed = try await client.call(API.Agents.update, path: made.id, body: changes)
            #expect(changed.name == "Lovelace")
            #expect(changed.description == nil)

            var query = RetrieveAgent()
            let read = try await client.call(API.Agents.retrieve, path: made.id, query: query)
            #expect(read.relations.tags == ["count"])
            #expect(try read.llmConfig.content().model == "mock")
            query.includeRelationships = ["tags"]
            let less = try await client.call(API.Agents.retrieve, path: made.id, query: query)
            #expect(less.relations.tags == ["count"])
            #expect(less.relations.blocks.isEmpty && less.relations.tools.isEmpty)
            #expect(try await client.call(API.Agents.count, query: AgentFilter()) == 1)

            _ = try await client.call(API.Agents.delete, path: made.id)
            let failure = await failure { _ = try await client.call(API.Agents.delete, path: made.id) }
            #expect(failure?.status == 404)
            #expect(failure?.description.contains("Agent with ID \(made.id) not found") == true)
        }
    }

    @Test func aListIsWalkedOverItsPages() async throws {
        try await withClient { client async throws in
            var made: [String] = []
            for number in 1...5 {
                made.append(try await client.call(API.Agents.create, body: Self.new("agent \(number)")).id.rawValue)
            }
            var query = ListAgents()
            query.limit = 2
            query.order = .ascending
            var read: [String] = []
            for try await agent in client.list(API.Agents.list, query: query) { read.append(agent.id.rawValue) }
            #expect(read == made)

            query.after = made[1]
            var pages: [[String]] = []
            for try await page in client.list(API.Agents.list, query: query).pages {
                pages.append(page.map(\.id.rawValue))
            }
            #expect(pages == [[made[2], made[3]], [made[4]]])

            query.filter.name = "agent 3"
            query.after = nil
            var named: [String] = []
            for try await agent in client.list(API.Agents.list, query: query) { named.append(agent.name) }
            #expect(named == ["agent 3"])

            var tags: [String] = []
            for try await tag in client.list(API.Tags.list, query: ListTags()) { tags.append(tag) }
            #expect(tags == ["count"])
        }
    }

    @Test func agentsAreFoundByConditions() async throws {
        try await withClient { client async throws in
            for number in 1...3 { _ = try await client.call(API.Agents.create, body: Self.new("agent \(number)")) }
            var search = SearchAgents()
            search.limit = 2
            search.sortBy = .createdAt
            let first = try await client.call(API.Agents.search, body: search)
            #expect(first.agents.count == 2)
            #expect(first.nextCursor != nil)
            search.after = first.nextCursor
            #expect(try await client.call(API.Agents.search, body: search).agents.count == 1)
        }
    }

    @Test func theBlocksOfAnAgentComeAndGo() async throws {
        try await withClient { client async throws in
            let agent = try await client.call(API.Agents.create, body: Self.new("Ada")).id
            let window = try await client.call(API.Agents.context, path: agent, query: RetrieveContext())
            #expect(window.coreMemory.text?.contains("Likes engines.") == true)
            let label = "a label/of mine"
            let block = try await client.call(API.Blocks.create, body: CreateBlock(label: label, value: "x"))
            _ = try await client.call(API.CoreMemory.attachBlock, path: NestedPath(agent, block.id))
            var labels: [String?] = []
            for try await block in client.list(API.CoreMemory.listBlocks, path: agent, query: ListRelated()) {
                labels.append(block.label)
            }
            #expect(labels == ["human", label])

            var changes = UpdateBlock()
            changes.value = .set(BlockValue("y"))
            changes.metadata = .set(ObjectDocument(["camelCase": nil]))
            _ = try await client.call(API.CoreMemory.updateBlock, path: NamedPath(agent, label), body: changes)
            let changed = try await client.call(API.CoreMemory.retrieveBlock, path: NamedPath(agent, label))
            #expect(changed.value == "y")
            #expect(try changed.metadata?.json.value() == ["camelCase": nil])
        }
    }

    @Test func memoriesAreKeptAndFound() async throws {
        try await withClient { client async throws in
            let agent = try await client.call(API.Agents.create, body: Self.new("Ada")).id
            for text in ["Owls hoot", "Cats like fish", "Dogs like bones"] {
                _ = try await client.call(
                    API.ArchivalMemory.create, path: agent, body: CreateArchivalMemory(text: text, tags: ["animal"]))
            }
            var query = ListArchivalMemory()
            query.limit = 2
            query.order = .ascending
            var texts: [String] = []
            for try await passage in client.list(API.ArchivalMemory.list, path: agent, query: query) {
                texts.append(passage.text)
            }
            #expect(texts == ["Owls hoot", "Cats like fish", "Dogs like bones"])
            var search = SearchArchivalMemory("like")
            search.tags = ["animal"]
            search.startDatetime = DayOrTime(iso8601: "2020-01-01")
            search.topK = 5
            let found = try await client.call(API.ArchivalMemory.search, path: agent, query: search).results
            #expect(found.map(\.content) == ["Dogs like bones", "Cats like fish"])
        }
    }

    @Test func aToolIsRun() async throws {
        let source =
            "def double(number: int) -> int:\n    '''Double a number.\n\n    Args:\n        number: The number.\n    '''\n    return 2 * number\n"
        try await withClient { client async throws in
            let answer = try await client.call(API.Tools.run, body: RunTool(sourceCode: source, args: ["number": 21]))
            #expect(try answer.fields()["tool_return"] == "42")
        }
    }

    @Test func approvalOfAToolIsAskedFor() async throws {
        try await withClient { client async throws in
            let agent = try await client.call(API.Agents.create, body: Self.new("Ada")).id
            _ = try await client.call(
                API.AgentTools.setApproval, path: NamedPath(agent, "memory_insert"), query: ToolApproval(nil),
                body: ToolApproval(true))
            let read = try await client.call(API.Agents.retrieve, path: agent, query: RetrieveAgent())
            #expect(try read.toolRules.value()[0]?["type"] == "requires_approval")
        }
    }

    @Test func theServerSaysWhatDoesNotFit() async throws {
        try await withClient { client async throws in
            let failure = await failure { _ = try await client.call(API.Blocks.retrieve, path: ID("block-nonsense")) }
            guard case .api(422, let detail, _)? = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(detail.contains("block_id"))
        }
    }

    @Test func aPasswordIsAskedForAndTaken() async throws {
        try await withClient(password: "open sesame", token: "open sesame") { client async throws in
            #expect(try await client.call(API.Blocks.count, query: CountBlocks()) == 0)
        }
        try await withClient(password: "open sesame", token: "wrong") { client async throws in
            let failure = await failure { _ = try await client.call(API.Blocks.count, query: CountBlocks()) }
            #expect(failure?.status == 401)
            #expect(try await client.call(API.Health.health).server == "letta-swift")
        }
    }

    @Test func theServerNamesItsModels() async throws {
        try await withClient { client async throws in
            var query = ListModels()
            let models = try await client.call(API.Models.list, query: query)
            #expect(models.map(\.handle).contains("openai-proxy/mock"))
            let embeddings = try await client.call(API.Models.listEmbeddings)
            #expect(embeddings.map(\.handle) == ["openai/text-embedding-3-small"])
            query.providerName = "none"
            #expect(try await client.call(API.Models.list, query: query).isEmpty)
        }
    }
}
