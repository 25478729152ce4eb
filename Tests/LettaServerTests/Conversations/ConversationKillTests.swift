import JSON
import LettaAPI
import LettaClient
import Synchronization
import TestSupport
import Testing

/// Conversations survive the death of the process at any instant, and a repeated send is there once.
@Suite(.timeLimit(.minutes(30))) struct ConversationKillTests {
    private static let rounds = TestRun.isLong ? 100 : 4

    /// A message that is sent, under the same otid, until the server acknowledges it.
    private struct Fact: Sendable {
        let talk: ID<Conversation>
        let text: String
    }

    @Test(arguments: Engines.all)
    func `after kill -9 the same send comes to one answer`(_ engine: TestEngine) async throws {
        let model = try await ModelProcess()
        try await TestDatabase.with(engine) { database in
            try await withTemporaryFolder { folder in
                var server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                var config = LLMConfig(model: "mock", modelEndpointType: "openai", contextWindow: 1_000_000)
                config.modelEndpoint = "\(model.address)/v1"
                var agent = CreateAgent()
                agent.llmConfig = config
                agent.memoryBlocks = [CreateBlock(label: "human", value: "Ann", limit: 1_000_000)]
                let id = try await server.client.call(API.Agents.create, body: agent).id
                var talks: [ID<Conversation>] = []
                for _ in 0..<3 {
                    talks.append(
                        try await server.client.call(
                            API.Conversations.create, path: NoPath(), query: NewConversationAgent(id),
                            body: CreateConversation()
                        ).id)
                }
                var facts: [Fact] = []
                for round in 0..<Self.rounds {
                    let new = talks.map { Fact(talk: $0, text: "fact-\(round)-\($0.rawValue.suffix(4))") }
                    facts += new
                    await killAmid(new, on: server)
                    server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                    #expect(try await server.client.call(API.Runs.active, query: ListActiveRuns()).isEmpty)
                    for fact in new { try await Self.send(fact, on: server) }
                }
                try await check(facts, id, on: server)
                await server.kill()
            }
        }
        await model.kill()
    }

    /// Sends the facts at the same time and kills the server after a random number of answers.
    private func killAmid(_ facts: [Fact], on server: ServerProcess) async {
        let limit = Int.random(in: 0...1)
        await withTaskGroup(of: Void.self) { group in
            for fact in facts { group.addTask { try? await Self.send(fact, on: server) } }
            if limit > 0 { await group.next() }
            await server.kill()
        }
    }

    private static func send(_ fact: Fact, on server: ServerProcess) async throws {
        var message = CreateMessage(
            role: .user,
            content: """
                script: [{"call": "memory_insert", "args": {"label": "human", "new_string": "\(fact.text)"}}, \
                {"say": "got \(fact.text)"}]
                """)
        message.otid = fact.text
        var body = SendMessages("")
        body.input = nil
        body.messages = [.said(message)]
        body.streaming = false
        let answer = try await server.client.call(
            API.Conversations.send, path: .conversation(fact.talk), body: SendToConversation(body))
        let texts = try answer.messages.compactMap { try $0.fields()["content"]?.string }
        #expect(texts.contains("got \(fact.text)"), "\(texts)")
    }

    private func check(_ facts: [Fact], _ agent: ID<AgentState>, on server: ServerProcess) async throws {
        let client = server.client
        let block = try await client.call(API.CoreMemory.retrieveBlock, path: NamedPath(agent, "human"))
        let memory = block.value.split(separator: "\n").map(String.init)
        for talk in Set(facts.map(\.talk)) {
            var all = ListConversationMessages()
            all.limit = 10_000
            let texts = try await client.call(API.Conversations.messages, path: .conversation(talk), query: all)
                .compactMap { try $0.fields()["content"]?.string }
            for fact in facts where fact.talk == talk {
                #expect(texts.count { $0.hasPrefix("script:") && $0.contains(fact.text) } == 1, "\(fact.text)")
                #expect(texts.contains("got \(fact.text)"), "\(fact.text)")
                #expect(memory.count { $0 == fact.text } == 1, "\(fact.text)")
            }
        }
    }
}
