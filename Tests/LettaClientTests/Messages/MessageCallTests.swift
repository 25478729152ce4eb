import JSON
import LettaAPI
import LettaClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct MessageCallTests {
    private static func agent(_ client: LettaClient) async throws -> AgentState {
        var agent = CreateAgent()
        agent.name = "Ada"
        agent.model = "openai-proxy/mock"
        return try await client.call(API.Agents.create, body: agent)
    }

    @Test func anAgentAnswersAndItsTurnIsKept() async throws {
        try await withClient { client async throws in
            let agent = try await Self.agent(client)
            let answer = try await client.send(SendMessages("Hello there"), to: agent.id)
            #expect(answer.stopReason.stopReason == .endTurn)
            #expect(try answer.messages.first?.fields()["content"] == "ok")

            let said = try await client.call(API.Messages.list, path: agent.id, query: ListMessages())
            #expect(
                try said.map { try $0.fields()["message_type"]?.string } == [
                    "system_message", "user_message", "assistant_message",
                ])

            var runs: [Run] = []
            for try await run in client.list(API.Runs.list, query: ListRuns()) { runs.append(run) }
            let run = try #require(runs.first)
            #expect(runs.count == 1)
            #expect(run.status == .completed)
            #expect(run.completedAt != nil)
            #expect(try await client.call(API.Runs.metrics, path: run.id).stepCount == 1)

            var steps: [Step] = []
            for try await step in client.list(API.Runs.steps, path: run.id, query: ListRelated()) { steps.append(step) }
            let step = try #require(steps.first)
            #expect(try await client.call(API.Steps.trace, path: step.id) != nil)
            let feedback = StepFeedback(.positive)
            #expect(
                try await client.call(API.Steps.setFeedback, path: step.id, body: feedback).feedback == "positive")
        }
    }

    @Test func aTurnIsToldWhileItHappens() async throws {
        try await withClient { client async throws in
            let agent = try await Self.agent(client)
            var said = SendMessages("Hello there")
            said.streamTokens = true
            var events: [MessageStreamEvent] = []
            for try await event in client.stream(said, to: agent.id) { events.append(event) }
            guard case .ping(let run?)? = events.first, events.count == 4, case .message(let message) = events[1],
                case .usage(let usage) = events[3]
            else {
                Issue.record("\(events)")
                return
            }
            #expect(run.hasPrefix("run-"))
            #expect(try message.fields()["content"] == "ok")
            #expect(events[2] == .stopReason(.endTurn))
            #expect(usage.stepCount == 1)
            let unknown = ID<AgentState>("agent-00000000-0000-4000-8000-000000000001")
            let failure = await failure {
                for try await _ in client.stream(said, to: unknown) { Issue.record("no such agent") }
            }
            #expect(failure?.status == 404)
        }
    }

    static let streams: [(body: String, ending: FaultServer.Ending, expected: String)] = [
        (
            "event: error\ndata: {\"message_type\": \"error_message\", \"error_type\": \"llm_error\", \"detail\": \"no\"}\n\n",
            .whole, "the turn failed, llm_error: no"
        ),
        ("data: {\"message_type\": \"ping\"}\n\n", .whole, "no connection"),
        ("data: {\"message_type\": \"ping\"}\n\n", .cut, "no connection"),
        ("data: {\"message_type\": \"ping\"}\n\n", .hang, "no answer in time"),
        ("data: {nonsense\n\n", .whole, "unexpected answer"),
    ]

    @Test(arguments: streams)
    func aStreamThatBreaksOffIsAnError(_ row: (body: String, ending: FaultServer.Ending, expected: String)) async throws
    {
        let settings = ClientSettings(callTimeout: row.ending == .hang ? .milliseconds(500) : .seconds(30))
        try await FaultServer.serving(FaultServer.Reply(body: row.body, ending: row.ending), settings: settings) {
            _, client async throws in
            let failure = await failure {
                for try await _ in client.stream(SendMessages("Hi"), to: ID("agent-1")) {}
            }
            #expect(failure?.description.hasPrefix(row.expected) == true, "\(String(describing: failure))")
        }
    }

    @Test func messagesAreSentForLaterAndFound() async throws {
        try await withClient { client async throws in
            let agent = try await Self.agent(client)
            let run = try await client.call(
                API.Messages.sendLater, path: agent.id, body: SendMessages("About apples"))
            #expect(run.background && run.status == .created)
            // The next message waits for the end of the one before.
            _ = try await client.send(SendMessages("Two"), to: agent.id)
            let found = try await client.call(API.Messages.search, body: SearchMessages("apples"))
            #expect(found.first?.content == "About apples" && found.first?.agentID == agent.id)
            let ranked = try await client.call(API.Messages.searchRanked, body: SearchMessages("apples"))
            #expect(ranked.first?.rank == 1 && ranked.first?.message.agentID == agent.id)
            let failure = await failure { _ = try await client.call(API.Messages.cancel, path: agent.id, body: nil) }
            #expect(failure?.status == 409)
        }
    }
}
