import JSON
import LettaAPI
import LettaClient
import TestSupport
import Testing

/// Calls wait for the client while the server is killed.
@Suite(.timeLimit(.minutes(5))) struct ApprovalKillTests {
    @Test(arguments: Engines.all)
    func `what waits is answered after kill -9`(_ engine: TestEngine) async throws {
        let model = try await ModelProcess()
        try await TestDatabase.with(engine) { database in
            try await withTemporaryFolder { folder in
                let first = try await ServerProcess(folder: folder, postgresURI: database.uri)
                var config = LLMConfig(model: "mock", modelEndpointType: "openai", contextWindow: 1_000_000)
                config.modelEndpoint = "\(model.address)/v1"
                var new = CreateAgent()
                new.llmConfig = config
                let agent = try await first.client.call(API.Agents.create, body: new).id
                var message = SendMessages(
                    #"script: [{"call": "local_ls", "args": {"path": "/"}}, {"say": "listed"}]"#)
                message.clientTools = [ClientTool(name: "local_ls")]
                let asked = try await first.client.send(message, to: agent)
                await first.kill()
                let fields = try #require(try asked.messages.last?.fields())
                #expect(fields["message_type"] == "approval_request_message")
                let call = try #require(fields["tool_call"]?["tool_call_id"]?.string)
                var answer = SendMessages("")
                answer.input = nil
                answer.messages = [.approval(ApprovalMessage([ApprovalAnswer(toolCallID: call, toolReturn: "a.txt")]))]
                // The answer's answer is lost with the second server, the third one gives it again.
                var texts: [[String?]] = []
                for _ in 0..<2 {
                    let server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                    if texts.isEmpty {
                        let waiting = try await server.client.call(API.Approvals.list, query: ListApprovals())
                        #expect(waiting.map(\.toolCalls.first?.toolCallID) == [call])
                    }
                    let given = try await server.client.send(answer, to: agent)
                    texts.append(
                        try given.messages.map { message in
                            let fields = try message.fields()
                            return fields["content"]?.string ?? fields["tool_return"]?.string
                        })
                    await server.kill()
                }
                #expect(texts == [["a.txt", "listed"], ["a.txt", "listed"]])
            }
        }
        await model.kill()
    }
}
