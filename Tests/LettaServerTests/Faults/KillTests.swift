import JSON
import LettaAPI
import LettaClient
import Synchronization
import TestSupport
import Testing

/// What was acknowledged survives the death of the process at any instant.
@Suite(.timeLimit(.minutes(5))) struct KillTests {
    private static let rounds = TestRun.isLong ? 20 : 3

    @Test(arguments: Engines.all)
    func `every acknowledged row is there after kill -9`(_ engine: TestEngine) async throws {
        try await TestDatabase.with(engine) { database in
            try await withTemporaryFolder { folder in
                let made = Made()
                for _ in 0..<Self.rounds {
                    let server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                    try await check(made, on: server)
                    await write(until: made.count + Int.random(in: 1...30), on: server, made)
                }
                let server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                try await check(made, on: server)
                await server.kill()
                #expect(made.count >= Self.rounds)
            }
        }
    }

    /// Several clients create at once; as soon as `count` rows were acknowledged the server is killed under them.
    private func write(until count: Int, on server: ServerProcess, _ made: Made) async {
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<4 {
                group.addTask {
                    // A call that fails was not acknowledged: the server was killed meanwhile.
                    while made.count < count {
                        if client % 2 == 0 {
                            guard let block = try? await server.client.call(API.Blocks.create, body: Self.block)
                            else { break }
                            made.add(block: block.id)
                        } else {
                            guard let agent = try? await server.client.call(API.Agents.create, body: Self.agent)
                            else { break }
                            made.add(agent: agent.id)
                        }
                    }
                    // The first to be done does not wait for the requests of the others.
                    await server.kill()
                }
            }
        }
    }

    private static let block = CreateBlock(label: "b", value: "v")
    private static let agent: CreateAgent = {
        var agent = CreateAgent()
        agent.llmConfig = LLMConfig(model: "m", modelEndpointType: "openai", contextWindow: 9_000)
        agent.tags = ["t"]
        agent.memoryBlocks = [CreateBlock(label: "human", value: "Ann")]
        return agent
    }()

    /// All that was acknowledged is there, and no agent is there by half.
    private func check(_ made: Made, on server: ServerProcess) async throws {
        let blocks = try await ids(of: server.client.list(API.Blocks.list, query: labelled("b")))
        #expect(made.blocks.subtracting(blocks) == [])
        var agents: Set<ID<AgentState>> = []
        for try await agent in server.client.list(API.Agents.list, query: ListAgents()) {
            agents.insert(agent.id)
            #expect(agent.relations.blocks.map(\.value) == ["Ann"])
            #expect(agent.relations.tools.count == 3)
            #expect(agent.relations.tags == ["t"])
            #expect(agent.messageIDs.count == 1)
        }
        #expect(made.agents.subtracting(agents) == [])
        let human = try await ids(of: server.client.list(API.Blocks.list, query: labelled("human")))
        #expect(human.count == agents.count, "a block without its agent, or the other way round")
    }

    private func labelled(_ label: String) -> ListBlocks {
        var query = ListBlocks()
        query.label = label
        return query
    }

    private func ids<Row: ListedResource>(of list: PagedList<Row>) async throws -> Set<ID<Row>> {
        var ids: Set<ID<Row>> = []
        for try await row in list { ids.insert(row.id) }
        return ids
    }
}

/// The ids of what the server said it had made.
private final class Made: Sendable {
    private let ids = Mutex<(blocks: Set<ID<Block>>, agents: Set<ID<AgentState>>)>(([], []))

    var blocks: Set<ID<Block>> { ids.withLock { $0.blocks } }
    var agents: Set<ID<AgentState>> { ids.withLock { $0.agents } }
    var count: Int { ids.withLock { $0.blocks.count + $0.agents.count } }

    func add(block: ID<Block>) { _ = ids.withLock { $0.blocks.insert(block) } }
    func add(agent: ID<AgentState>) { _ = ids.withLock { $0.agents.insert(agent) } }
}
