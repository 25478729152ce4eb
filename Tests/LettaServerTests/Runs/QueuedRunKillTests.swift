import LettaAPI
import LettaClient
import TestSupport
import Testing

/// Background runs end, even those that the death of the server finds in the queue.
@Suite(.timeLimit(.minutes(5))) struct QueuedRunKillTests {
    @Test(arguments: Engines.all)
    func `no run stays as it was when the server was killed`(_ engine: TestEngine) async throws {
        let model = try await ModelProcess()
        try await TestDatabase.with(engine) { database in
            try await withTemporaryFolder { folder in
                var server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                var body = CreateAgent()
                body.llmConfig = LLMConfig(model: "mock", modelEndpointType: "openai", contextWindow: 30_000)
                body.llmConfig?.modelEndpoint = "\(model.address)/v1"
                let agent = try await server.client.call(API.Agents.create, body: body).id
                var runs: [ID<Run>] = []
                for text in [#"script: [{"say": "late", "sleep_ms": 600000}]"#, "two", "three"] {
                    runs.append(
                        try await server.client.call(API.Messages.sendLater, path: agent, body: SendMessages(text)).id)
                }
                await server.kill()
                // What goes on after the start shall not wait for the model.
                await model.kill()
                server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                // One turn at a time: once a later message is refused or answered, the runs before it have ended.
                _ = try? await server.client.send(SendMessages("four"), to: agent)
                for run in runs {
                    let status = try await server.client.call(API.Runs.retrieve, path: run).status
                    #expect([.failed, .completed, .cancelled].contains(status), "\(status)")
                }
                #expect(try await server.client.call(API.Runs.active, query: ListActiveRuns()).isEmpty)
                await server.kill()
            }
        }
    }
}
