import JSON
import LettaAPI
import LettaClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct BlockCallTests {
    @Test func aBlockIsMadeReadChangedAndDeleted() async throws {
        try await withClient { client async throws in
            let made = try await client.blocks.create(
                CreateBlock(label: "human", value: "x", limit: 100, description: "who"))
            var changes = UpdateBlock()
            changes.description = .clear
            changes.metadata = .set(ObjectDocument(["a": nil]))
            let changed = try await client.blocks.update(made.id, changes)
            #expect(changed.description == nil)
            #expect(try changed.metadata?.json.value() == ["a": nil])
            #expect(changed.limit == 100)
            #expect(try await client.blocks.retrieve(made.id).value == "x")
            #expect(try await client.blocks.history(of: made.id).isEmpty == false)
            #expect(try await client.blocks.count() == 1)
            try await client.blocks.delete(made.id)
            let failure = await failure { _ = try await client.blocks.retrieve(made.id) }
            #expect(failure?.status == 404)
        }
    }

    @Test func blocksAreListedAndTellTheirAgents() async throws {
        try await withClient { client async throws in
            var made: [String] = []
            for number in 1...4 {
                let block = CreateBlock(label: number.isMultiple(of: 2) ? "even" : "odd", value: "\(number)")
                made.append(try await client.blocks.create(block).id.rawValue)
            }
            var query = ListBlocks()
            query.limit = 3
            var read: [String] = []
            for try await block in client.blocks.list(query) { read.append(block.id.rawValue) }
            #expect(read == made)
            query.label = "odd"
            var odd: [String] = []
            for try await block in client.blocks.list(query) { odd.append(block.value) }
            #expect(odd == ["1", "3"])

            var agent = CreateAgent()
            agent.name = "Ada"
            agent.model = "openai-proxy/mock"
            agent.embedding = "openai/text-embedding-3-small"
            agent.blockIDs = [made[0]]
            _ = try await client.agents.create(agent)
            var names: [String] = []
            for try await agent in client.blocks.agents(with: ID(made[0])) { names.append(agent.name) }
            #expect(names == ["Ada"])
        }
    }

    @Test func theServerSaysWhatDoesNotFit() async throws {
        try await withClient { client async throws in
            let malformed = await Self.detail { _ = try await client.blocks.retrieve(ID("block-nonsense")) }
            #expect(malformed?.contains("block_id") == true)
        }
    }

    private static func detail(of body: () async throws -> Void) async -> String? {
        guard case .api(422, let detail, _)? = await failure(of: body) else { return nil }
        return detail
    }
}

@Suite(.timeLimit(.minutes(2))) struct ServerCallTests {
    @Test func aPasswordIsAskedForAndTaken() async throws {
        try await withClient(password: "open sesame", token: "open sesame") { client async throws in
            #expect(try await client.blocks.count() == 0)
        }
        try await withClient(password: "open sesame", token: "wrong") { client async throws in
            let failure = await failure { _ = try await client.blocks.count() }
            #expect(failure?.status == 401)
            #expect(try await client.health().server == "letta-swift")
        }
    }

    @Test func theServerIsReadyAndNamesItsModels() async throws {
        try await withClient { client async throws in
            #expect(try await client.ready().status == "ok")
            #expect(try await client.models.list().map(\.handle).contains("openai-proxy/mock"))
            #expect(try await client.models.listEmbeddings().map(\.handle) == ["openai/text-embedding-3-small"])
            var query = ListModels()
            query.providerName = "none"
            #expect(try await client.models.list(query).isEmpty)
        }
    }
}
