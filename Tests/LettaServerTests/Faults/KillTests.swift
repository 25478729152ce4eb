import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

/// What was acknowledged survives the death of the process at any instant.
@Suite struct KillTests {
    /// How often a server is killed: `LETTA_TEST_KILL_ROUNDS`, or enough to be quick.
    private static var rounds: Int {
        ProcessInfo.processInfo.environment["LETTA_TEST_KILL_ROUNDS"].flatMap { Int($0) } ?? 20
    }

    @Test(.timeLimit(.minutes(5)), arguments: TestEngine.available)
    func `every acknowledged row is there after kill -9`(_ engine: TestEngine) async throws {
        try await TestDatabase.with(engine) { database in
            try await withTemporaryFolder { folder in
                let made = Made()
                for _ in 0..<(engine == .sqlite ? Self.rounds : Self.rounds / 4) {
                    let server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                    try await check(made, on: server)
                    await write(until: made.count + Int.random(in: 1...30), on: server, made)
                }
                let server = try await ServerProcess(folder: folder, postgresURI: database.uri)
                try await check(made, on: server)
                await server.kill()
                #expect(made.count >= Self.rounds / 4)
            }
        }
    }

    /// Several clients create at once; as soon as `count` rows were acknowledged the server is killed under them.
    private func write(until count: Int, on server: ServerProcess, _ made: Made) async {
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<4 {
                group.addTask {
                    while made.count < count {
                        if client % 2 == 0 {
                            guard let id = await server.create("/v1/blocks/", ["label": "b", "value": "v"]) else {
                                break
                            }
                            made.add(block: id)
                        } else {
                            guard let id = await server.create("/v1/agents/", Self.agent) else { break }
                            made.add(agent: id)
                        }
                    }
                    // The first to be done does not wait for the requests of the others.
                    await server.kill()
                }
            }
        }
    }

    private static let agent: JSONValue = [
        "llm_config": ["model": "m", "model_endpoint_type": "openai", "context_window": 9000], "tags": ["t"],
        "memory_blocks": [["label": "human", "value": "Ann"]], "include_base_tools": true,
    ]

    /// All that was acknowledged is there, and no agent is there by half.
    private func check(_ made: Made, on server: ServerProcess) async throws {
        let blocks = try await server.get("/v1/blocks/?limit=0&label=b").array ?? []
        #expect(made.blocks.subtracting(blocks.compactMap { $0["id"]?.string }) == [])
        let query = "include=agent.blocks&include=agent.tools&include=agent.tags"
        let agents = try await server.get("/v1/agents/?limit=0&\(query)").array ?? []
        #expect(made.agents.subtracting(agents.compactMap { $0["id"]?.string }) == [])
        let whole: JSONValue = [
            "blocks": [["value": "Ann"]], "tools": .elements(3), "tags": ["t"], "message_ids": .elements(1),
        ]
        for agent in agents { #expect(agent.differences(from: whole) == []) }
        let human = try await server.get("/v1/blocks/?limit=0&label=human").array ?? []
        #expect(human.count == agents.count, "a block without its agent, or the other way round")
    }
}

/// The ids of what the server said it had made.
private final class Made: Sendable {
    private let ids = Mutex<(blocks: Set<String>, agents: Set<String>)>(([], []))

    var blocks: Set<String> { ids.withLock { $0.blocks } }
    var agents: Set<String> { ids.withLock { $0.agents } }
    var count: Int { ids.withLock { $0.blocks.count + $0.agents.count } }

    func add(block: String) { _ = ids.withLock { $0.blocks.insert(block) } }
    func add(agent: String) { _ = ids.withLock { $0.agents.insert(agent) } }
}
