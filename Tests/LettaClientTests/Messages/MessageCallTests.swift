import JSON
import LettaAPI
import LettaClient
import Testing

@Suite(.timeLimit(.minutes(2))) struct MessageCallTests {
    private static func agent(_ client: LettaClient) async throws -> AgentState {
        var agent = CreateAgent()
        agent.name = "Ada"
        agent.model = "openai-proxy/mock"
        return try await client.agents.create(agent)
    }

    @Test func anAgentAnswersAndItsTurnIsKept() async throws {
        try await withClient { client async throws in
            let agent = try await Self.agent(client)
            let answer = try await client.agents.messages.send(SendMessages("Hello there"), to: agent.id)
            #expect(answer.stopReason.stopReason == .endTurn)
            #expect(try answer.messages.first?.fields()["content"] == "ok")

            let said = try await client.agents.messages.list(of: agent.id)
            #expect(
                try said.map { try $0.fields()["message_type"]?.string } == [
                    "system_message", "user_message", "assistant_message",
                ])

            var runs: [Run] = []
            for try await run in client.runs.list() { runs.append(run) }
            let run = try #require(runs.first)
            #expect(runs.count == 1)
            #expect(run.status == .completed)
            #expect(try await client.runs.retrieve(run.id).agentID == agent.id)
            #expect(try await client.runs.messages(of: run.id).count == 2)
            #expect(try await client.runs.metrics(of: run.id).stepCount == 1)
            #expect(try await client.runs.active().isEmpty)

            var steps: [Step] = []
            for try await step in client.runs.steps(of: run.id) { steps.append(step) }
            let step = try #require(steps.first)
            #expect(try await client.steps.retrieve(step.id).runID == run.id)
            #expect(try await client.steps.trace(of: step.id) != nil)
            #expect(try await client.steps.setFeedback(StepFeedback(.positive), of: step.id).feedback == "positive")

            try await client.runs.delete(run.id)
            let failure = await failure { _ = try await client.runs.retrieve(run.id) }
            #expect(failure?.status == 404)
        }
    }

    @Test func aTurnIsToldWhileItHappens() async throws {
        try await withClient { client async throws in
            let agent = try await Self.agent(client)
            var said = SendMessages("Hello there")
            said.streamTokens = true
            var events: [MessageStreamEvent] = []
            for try await event in client.agents.messages.stream(said, to: agent.id) { events.append(event) }
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
                for try await _ in client.agents.messages.stream(said, to: unknown) { Issue.record("no such agent") }
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
                for try await _ in client.agents.messages.stream(SendMessages("Hi"), to: ID("agent-1")) {}
            }
            #expect(failure?.description.hasPrefix(row.expected) == true, "\(String(describing: failure))")
        }
    }

    @Test func messagesAreSentForLaterReadAndFound() async throws {
        try await withClient { client async throws in
            let agent = try await Self.agent(client)
            let run = try await client.agents.messages.sendLater(SendMessages("About apples"), to: agent.id)
            #expect(run.background && run.status == .created)
            // The next message waits for the end of the one before.
            _ = try await client.agents.messages.send(SendMessages("Two"), to: agent.id)
            #expect(try await client.runs.retrieve(run.id).status == .completed)
            let found = try #require(try await client.messages.search(SearchMessages("apples")).first)
            #expect(found.content == "About apples" && found.agentID == agent.id)
            #expect(try await client.messages.retrieve(found.messageID).count == 1)
            #expect(try await client.messages.list().count == 5)
            let generated = try await client.agents.messages.generate(GenerateText("Say hello"), with: agent.id)
            #expect(generated.content == "ok")
            let step = try #require(try await client.runs.messages(of: run.id).last?.fields()["step_id"]?.string)
            #expect(try await client.steps.messages(of: ID(step)).count == 1)
        }
    }

    @Test func aContextIsEmptiedAndNothingIsLost() async throws {
        try await withClient { client async throws in
            let agent = try await Self.agent(client)
            _ = try await client.agents.messages.send(SendMessages("One"), to: agent.id)
            let emptied = try await client.agents.messages.reset(agent.id)
            #expect(emptied.messageIDs.count == 1)
            #expect(try await client.agents.messages.list(of: agent.id).count == 3)
            let failure = await failure { _ = try await client.agents.messages.cancel(agent.id) }
            #expect(failure?.status == 409)
        }
    }

    @Test func approvalOfAToolIsAskedFor() async throws {
        try await withClient { client async throws in
            let agent = try await Self.agent(client)
            try await client.agents.tools.setApproval(true, of: "memory_insert", for: agent.id)
            let rules = try await client.agents.retrieve(agent.id).toolRules.value()
            #expect(rules[0]?["type"] == "requires_approval")
            for try await _ in client.agents.groups(of: agent.id) { Issue.record("the agent is in no group") }
        }
    }
}
