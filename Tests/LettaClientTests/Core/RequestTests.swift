import HTTPTypes
import JSON
import LettaAPI
import Testing

@testable import LettaClient

private let agent = ID<AgentState>("agent-1")

@Suite(.timeLimit(.minutes(5))) struct RequestTests {
    @Test func aQueryListsItsValuesByRepeatedKeys() throws {
        var query = ListBlocks()
        query.tags = ["a b", "ü&="]
        query.readOnly = true
        query.connectedToAgentsCountEq = [0, 2]
        query.order = .descending
        let target = try RequestTarget.text(of: API.Blocks.list, NoPath(), query)
        #expect(target.hasPrefix("/v1/blocks/?"))
        #expect(
            Set(target.dropFirst("/v1/blocks/?".count).split(separator: "&")) == [
                "tags=a%20b", "tags=%C3%BC%26%3D", "read_only=true", "connected_to_agents_count_eq=0",
                "connected_to_agents_count_eq=2", "order=desc",
            ])
    }

    @Test func whatIsNotSaidIsNotSent() throws {
        #expect(try RequestTarget.text(of: API.Agents.list, NoPath(), ListAgents()) == "/v1/agents/")
        #expect(try RequestTarget.text(of: API.Agents.retrieve, agent, RetrieveAgent()) == "/v1/agents/agent-1")
    }

    @Test func aNameInAPathStaysOneSegment() throws {
        let target = try RequestTarget.text(of: API.CoreMemory.retrieveBlock, NamedPath(agent, "a/b?c %ü"), NoQuery())
        #expect(target == "/v1/agents/agent-1/core-memory/blocks/a%2Fb%3Fc%20%25%C3%BC")
    }

    @Test func anEmptyIDDoesNotBecomeAnotherOperation() {
        #expect(throws: LettaClientError.self) {
            try RequestTarget.text(of: API.Agents.delete, ID<AgentState>(""), NoQuery())
        }
    }

    @Test func aChangeTellsClearedFromKept() async throws {
        try await FaultServer.serving(.refusal(404)) { server, client async throws in
            var changes = UpdateBlock()
            changes.description = .clear
            changes.metadata = .set(ObjectDocument(["a": nil, "b": [nil, 1]]))
            changes.value = .set(BlockValue("x"))
            _ = await failure { _ = try await client.call(API.Blocks.update, path: ID("block-1"), body: changes) }
            #expect(
                server.received.first?.body
                    == ["description": nil, "metadata": ["a": nil, "b": [nil, 1]], "value": "x"])
        }
    }

    @Test func aNewThingLeavesOutWhatIsNotSaid() async throws {
        try await FaultServer.serving(.refusal(404)) { server, client async throws in
            var new = CreateAgent()
            new.name = "Ada"
            new.memoryBlocks = [CreateBlock(label: "human", value: "x")]
            _ = await failure { _ = try await client.call(API.Agents.create, body: new) }
            #expect(
                server.received.first?.body == ["name": "Ada", "memory_blocks": [["label": "human", "value": "x"]]])
        }
    }

    @Test func theHeadersSayWhoCalls() async throws {
        try await FaultServer.serving(.refusal(404), token: "pass word") { server, client async throws in
            _ = await failure { _ = try await client.call(API.Agents.delete, path: agent) }
            let request = try #require(server.received.first)
            #expect(request.verb == "DELETE")
            #expect(request.headers[.authorization] == "Bearer pass word")
            #expect(request.headers[.userAgent] == "letta-swift-client/\(LettaClient.version)")
            #expect(request.headers[.contentType] == nil)
        }
    }

    @Test func aPathInTheBaseURLIsKept() async throws {
        try await FaultServer.serving(.refusal(404)) { server, client async throws in
            let address = client.exchange.baseURL
            try await LettaClient.withClient(baseURL: "\(address)/letta/") { inner in
                _ = await failure { _ = try await inner.call(API.Health.health) }
            }
            #expect(server.received.first?.target == "/letta/v1/health/")
        }
    }
}
