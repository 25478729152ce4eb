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
            #expect(try answer.messages.first?.fields()["content"] == "Hello.")

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
            #expect(generated.content == "Hello.")
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
