import JSON
import LettaAPI
import LettaClient
import Synchronization
import TestSupport
import Testing

/// A conversation survives the death of the process at any instant.
@Suite(.timeLimit(.minutes(30))) struct TurnKillTests {
    private static let rounds = TestRun.isLong ? 200 : 3

    private static let roundsOfConversation = 20

    @Test(arguments: Engines.all)
    func `every acknowledged message is there after kill -9`(_ engine: TestEngine) async throws {
        let model = try await ModelProcess()
        try await TestDatabase.with(engine) { database in
            try await withTemporaryFolder { folder in
                var agents: [ID<AgentState>] = []
                let said = Said()
                for round in 0..<Self.rounds {
                    let server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                    try await check(said, agents.suffix(2), on: server, round)
                    // New ones now and then: each turn of a long conversation sends all of it.
                    if round % Self.roundsOfConversation == 0 {
                        for _ in 0..<2 {
                            let new = Self.agent(model.address)
                            agents.append(try await server.client.call(API.Agents.create, body: new).id)
                        }
                    }
                    await talk(to: agents.suffix(2), until: said.count + Int.random(in: 1...8), on: server, said)
                }
                let server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                try await check(said, agents, on: server, Self.rounds)
                await server.kill()
            }
        }
        await model.kill()
    }

    private static func agent(_ address: String) -> CreateAgent {
        var config = LLMConfig(model: "mock", modelEndpointType: "openai", contextWindow: 1_000_000)
        config.modelEndpoint = "\(address)/v1"
        var agent = CreateAgent()
        agent.llmConfig = config
        agent.memoryBlocks = [CreateBlock(label: "human", value: "Ann", limit: 1_000_000)]
        agent.tools = ["archival_memory_insert"]
        return agent
    }

    /// Both agents are told things that they write down; as soon as `count` turns were acknowledged the server is
    /// killed under them.
    private func talk(to agents: ArraySlice<ID<AgentState>>, until count: Int, on server: ServerProcess, _ said: Said)
        async
    {
        await withTaskGroup(of: Void.self) { group in
            for agent in agents {
                group.addTask {
                    while said.count < count {
                        let fact = "fact-\(UInt32.random(in: 0 ... .max))"
                        guard await Self.tell(fact, to: agent, on: server) else { break }
                        said.add(fact, to: agent)
                    }
                    await server.kill()
                }
            }
        }
    }

    /// Whether the server acknowledged the whole turn.
    private static func tell(_ fact: String, to agent: ID<AgentState>, on server: ServerProcess) async -> Bool {
        let script = """
            script: [{"call": "memory_insert", "args": {"label": "human", "new_string": "\(fact)"}}, \
            {"call": "archival_memory_insert", "args": {"content": "\(fact)"}}, {"say": "got \(fact)"}]
            """
        do {
            let answer = try await server.client.send(SendMessages(script), to: agent)
            return try answer.messages.contains { try $0.fields()["content"]?.string == "got \(fact)" }
        } catch let failure as LettaClientError where failure.status != nil {
            Issue.record("\(failure)")
            return false
        } catch {
            // The server was killed meanwhile.
            return false
        }
    }

    /// All that was acknowledged is there, nothing is at work any more, and the next message answers.
    private func check(
        _ said: Said, _ agents: some Sequence<ID<AgentState>>, on server: ServerProcess, _ round: Int
    ) async throws {
        let client = server.client
        #expect(try await client.call(API.Runs.active, query: ListActiveRuns()).isEmpty, "round \(round)")
        for agent in agents {
            var all = ListMessages()
            all.limit = 100_000
            let texts = try await client.call(API.Messages.list, path: agent, query: all).compactMap {
                try $0.fields()["content"]?.string
            }
            let block = try await client.call(API.CoreMemory.retrieveBlock, path: NamedPath(agent, "human"))
            let memory = Set(block.value.split(separator: "\n").map(String.init))
            var passages: [String] = []
            for try await passage in client.list(API.ArchivalMemory.list, path: agent, query: ListArchivalMemory()) {
                passages.append(passage.text)
            }
            #expect(Set(passages).count == passages.count, "round \(round): a memory is there twice")
            for fact in said.facts(of: agent) {
                #expect(texts.contains("got \(fact)"), "round \(round): an answer is lost")
                #expect(texts.contains { $0.hasPrefix("script:") && $0.contains(fact) }, "round \(round)")
                #expect(memory.contains(fact), "round \(round): an edit is lost")
                #expect(passages.contains(fact), "round \(round): a memory is lost")
            }
            let fact = "check-\(round)"
            #expect(await Self.tell(fact, to: agent, on: server), "round \(round): the agent does not answer")
            said.add(fact, to: agent)
        }
    }
}

/// The facts whose turn was acknowledged.
private final class Said: Sendable {
    private let all = Mutex<[(agent: ID<AgentState>, fact: String)]>([])

    var count: Int { all.withLock { $0.count } }

    func add(_ fact: String, to agent: ID<AgentState>) { all.withLock { $0.append((agent, fact)) } }

    func facts(of agent: ID<AgentState>) -> [String] {
        all.withLock { $0.filter { $0.agent == agent }.map(\.fact) }
    }
}
