import JSON
import LettaAPI
import Logging
import Storage
import Synchronization
import TestSupport
import Testing

@testable import LettaServer

/// The import of Letta databases: what a client finds afterwards, the report, interruptions.
@Suite(.timeLimit(.minutes(3))) struct LettaImportTests {
    func imported(
        _ letta: LettaDatabase, _ storage: any StorageEngine,
        _ progress: @escaping LettaDatabaseImport.Report = { _, _, _ in }
    ) async throws -> LettaImportReport {
        let source = try await LettaSource.open(letta.address, logger: Logger(label: "test"))
        let core = Core(
            storage: storage, ids: .random, now: { .now }, clock: ContinuousClock(), logger: Logger(label: "test"))
        let result: Result<LettaImportReport, any Error>
        do {
            result = .success(
                try await LettaDatabaseImport.run(
                    source, to: core, SecretBox(passphrases: TestServer.encryptionKeys), ApprovalPolicy(),
                    report: progress))
        } catch {
            result = .failure(error)
        }
        await source.close()
        return try result.get()
    }

    private func id(_ prefix: String, _ number: Int) -> String { LettaDatabase.id(prefix, number) }

    @Test(arguments: Engines.all, Engines.all)
    func `everything is found again under its id`(_ from: TestEngine, _ to: TestEngine) async throws {
        try await LettaDatabase.with(from) { letta in
            try await letta.fill()
            try await withServer(on: to) { server in
                let report = try await imported(letta, server.storage)
                #expect(
                    report.leftOutCounts == ["passages of archives": 1, "steps": 1], "\(report.lines)")
                #expect(report.agents.allSatisfy { $0.there == $0.here }, "\(report.lines)")
                #expect(report.agents.allSatisfy { $0.here.messages == LettaDatabase.messagesOfAgent })
                #expect(report.secrets == ["API key of the provider sealed"])
                #expect(!report.isComplete, "two rows refer to nothing")
                #expect(report.unknownTables == [])
                #expect(report.notes["a passage came with its vector by openai/e"] == 3, "\(report.notes)")
                try await server.restart()
                try await expectVectors(server)
                try await expectAgents(server)
                try await expectThings(server)
                let again = try await imported(letta, server.storage)
                #expect(again.counts == report.counts && again.agents == report.agents, "each row once")
            }
        }
    }

    private func expectAgents(_ server: TestServer) async throws {
        let agent = id("agent", 1)
        let context = JSONValue.array((0..<4).map { JSONValue.string(id("message", 1_000 + $0)) })
        try await server.run([
            .get(
                "/v1/agents/\(agent)", as: .legacy, expect: 200,
                [
                    "name": "Agent 1 🦉", "timezone": "Asia/Kolkata", "metadata": ["n": 1], "tags": ["a", "b"],
                    "created_at": .string(LettaDatabase.time(1)), "last_stop_reason": "end_turn",
                    "message_ids": context,
                    "llm_config": ["temperature": 0.7], "secrets": [["key": "KEY"]],
                    "blocks": .elements(2), "identity_ids": [.string(id("identity", 1))],
                ]),
            .get("/v1/agents/\(id("agent", 404))", expect: 404),
            .get(
                "/v1/agents/\(agent)/core-memory/blocks/shared", expect: 200,
                ["id": .string(id("block", 1)), "value": "for all 🐘", "tags": ["team"], "limit": 9]),
            .get("/v1/agents/\(agent)/tools", expect: 200, .elements(3)),
            .get("/v1/agents/\(agent)/folders", expect: 200, [["id": .string(id("source", 1)), "name": "docs"]]),
            .get("/v1/agents/\(agent)/files", expect: 200, ["files": [["file_name": "docs/a.txt", "is_open": true]]]),
            .get("/v1/agents/\(agent)/archival-memory", expect: 200, .elements(3)),
            .get("/v1/conversations/\(id("conv", 1))", expect: 200, ["summary": "Whispers"]),
            .get("/v1/approvals/", expect: 200, .elements(LettaDatabase.agents)).note("what waited there waits here"),
        ])
        let messages = try await server.get("/v1/agents/\(agent)/messages?order=asc&limit=50").json
        let texts = messages.array?.compactMap { $0["content"]?.string } ?? []
        #expect(texts.contains { $0.hasPrefix("Hallo 🙂") }, "without the NUL: \(texts)")
        let whispers = try await server.get("/v1/conversations/\(id("conv", 1))/messages?order=asc").json
        #expect(whispers.array?.compactMap { $0["content"]?.string }.suffix(2) == ["Psst", "What?"])
    }

    /// The vectors are searched as if they had been made here, and those of the archive wait for no model.
    private func expectVectors(_ server: TestServer) async throws {
        let memory = try await server.get("/v1/agents/\(id("agent", 1))/archival-memory").json
        let numbers = memory[0]?["embedding"]?.array?.prefix(3).compactMap(\.double) ?? []
        let length = 14.0.squareRoot()
        #expect(
            zip(numbers, [1, 2, 3]).allSatisfy { abs($0 - $1 / length) < 1e-6 } && numbers.count == 3, "\(numbers)")
        try await server.run([
            .get(
                "/v1/archives/\(id("archive", 1))/embedding", expect: 200,
                ["passages": 3, "waiting": 0, "embedding_config": ["embedding_dim": 3]]),
            .get("/v1/folders/\(id("source", 1))/embedding", expect: 200, ["passages": 1]),
        ])
    }

    private func expectThings(_ server: TestServer) async throws {
        try await server.run([
            .get(
                "/v1/tools/\(id("tool", 1))", expect: 200, ["name": "add", "return_char_limit": 100, "tags": ["math"]]),
            .get("/v1/tools/\(id("tool", 2))", expect: 200, ["name": "memory_insert"]).note("a base tool keeps its id"),
            .get("/v1/mcp-servers/\(id("mcp_server", 1))", expect: 200, ["server_name": "maps"]),
            .get("/v1/mcp-servers/\(id("mcp_server", 1))/tools", expect: 200, [["name": "look"]]),
            .get("/v1/providers/", expect: 200, .elements(2)),
            .get("/v1/sandbox-config/", expect: 200, [["type": "local", "config": ["sandbox_dir": "/x"]]]),
            .get("/v1/sandbox-config/\(id("sandbox", 1))/environment-variable", expect: 200, [["key": "REGION"]]),
            .get("/v1/identities/\(id("identity", 1))", expect: 200, ["identifier_key": "ann"]),
            .get("/v1/archives/\(id("archive", 1))", expect: 200, ["name": "facts"]),
            .get("/v1/folders/\(id("source", 1))/files", expect: 200, .elements(2)),
            .get(
                "/v1/groups/\(id("group", 1))", expect: 200,
                ["agent_ids": [.string(id("agent", 0)), .string(id("agent", 1))], "max_turns": 4]),
            .get("/v1/runs/\(id("run", 1))", expect: 200, ["status": "completed", "metadata": ["k": "v"]]),
            .get("/v1/runs/\(id("run", 2))", expect: 200, ["status": "cancelled"]).note("nobody goes on with it"),
            .get("/v1/steps/\(id("step", 1))", expect: 200, ["prompt_tokens": 11, "status": "success"]),
            .get("/v1/jobs/\(id("job", 1))", expect: 200, ["status": "completed"]),
        ])
        let found = try await server.send(
            .post, "/v1/passages/search", ["query": "Utrecht", "agent_id": .string(id("agent", 2))])
        #expect(found.json.array?.count == 3, "\(found.text)")
    }

    @Test func `an import that is interrupted ten times brings each row once`() async throws {
        try await LettaDatabase.with(.sqlite) { letta in
            try await letta.fill(agents: 100)
            try await withServer(on: .sqlite) { server in
                let storage = server.storage
                for round in 1...10 {
                    let count = Mutex(0)
                    let work = Task {
                        try await imported(letta, storage) { _, _, _ in
                            let isEnough = count.withLock { count in
                                count += 1
                                return count == round * 20
                            }
                            if isEnough { withUnsafeCurrentTask { $0?.cancel() } }
                        }
                    }
                    // It fails, because it is cancelled.
                    _ = await work.result
                }
                let report = try await imported(letta, storage)
                #expect(report.agents.count == 100 && report.agents.allSatisfy { $0.there == $0.here })
                #expect(
                    report.counts.first { $0.noun == "messages" }
                        == .init(noun: "messages", there: 900, here: 900))
                let positions: [Int] = try await storage.read { db in
                    try db.rows(
                        "SELECT COUNT(DISTINCT position) AS n FROM message WHERE agent_id = \(id("agent", 5))"
                    ).map { try $0["n"] }
                }
                #expect(positions == [9])
            }
        }
    }

    @Test func `a preview changes nothing and says what can't come`() async throws {
        try await LettaDatabase.with(.sqlite) { letta in
            try await letta.fill()
            let report = try await LettaDatabaseImport.preview(
                from: letta.address, logger: Logger(label: "test")
            ) { _, _, _ in }
            #expect(report.counts.first { $0.noun == "messages" } == .init(noun: "messages", there: 108, here: nil))
            #expect(report.secrets == ["API key of the provider sealed"])
            #expect(report.lines.contains { $0.contains("agents") })
        }
    }

    @Test func `what is no Letta database is refused`() async throws {
        try await LettaDatabase.with(.sqlite, tables: "CREATE TABLE a (b text);") { other in
            await #expect(throws: StartUpFailure.self) {
                try await LettaSource.open(other.address, logger: Logger(label: "test"))
            }
        }
        await #expect(throws: StartUpFailure.self) {
            try await LettaSource.open("sqlite:///nowhere/sqlite.db", logger: Logger(label: "test"))
        }
        await #expect(throws: StartUpFailure.self) {
            try await LettaSource.open("sqlite://relative", logger: Logger(label: "test"))
        }
    }

    @Test func `an older database is read by the columns that it has`() async throws {
        let tables = LettaDatabase.schema.replacing("sequence_id bigint", with: "other bigint")
            .replacing("CREATE TABLE archival_passages", with: "CREATE TABLE agent_passages")
            .replacing("    archive_id text,\n    tags json", with: "    agent_id text")
            .replacing("CREATE TABLE conversations", with: "CREATE TABLE later_conversations")
        try await LettaDatabase.with(.sqlite, tables: tables) { letta in
            try await letta.storage.write { db in
                try LettaDatabase.insert(
                    "agents",
                    [
                        "id": .string(id("agent", 1)), "name": "Old", "agent_type": "memgpt_agent", "system": "s",
                        "llm_config": ["model": "m", "model_endpoint_type": "openai", "context_window": 8_000],
                        "message_ids": [.string(id("message", 1))],
                    ], db)
                for number in 1...2 {
                    try LettaDatabase.insert(
                        "messages",
                        [
                            "id": .string(id("message", number)), "agent_id": .string(id("agent", 1)), "role": "user",
                            "text": .string("line \(number)"), "created_at": .string(LettaDatabase.time(5 - number)),
                        ], db)
                }
                try LettaDatabase.insert(
                    "agent_passages",
                    [
                        "id": .string(id("passage", 1)), "agent_id": .string(id("agent", 1)), "text": "old memory",
                        "embedding_config": LettaDatabase.embedding,
                    ], db)
                try db.execute("UPDATE agent_passages SET embedding = \(Vector.bytes([3, 0, 4]))")
            }
            try await withServer(on: .sqlite) { server in
                let report = try await imported(letta, server.storage)
                #expect(report.isComplete, "\(report.lines)")
                let memory = try await server.get("/v1/agents/\(id("agent", 1))/archival-memory").json
                #expect(memory[0]?["text"]?.string == "old memory")
                let numbers = memory[0]?["embedding"]?.array?.prefix(3).compactMap(\.double) ?? []
                #expect(
                    zip(numbers, [0.6, 0, 0.8]).allSatisfy { abs($0 - $1) < 1e-6 } && numbers.count == 3, "\(memory)")
                let messages = try await server.get("/v1/agents/\(id("agent", 1))/messages?order=asc").json
                #expect(
                    messages.array?.compactMap { $0["content"]?.string }.filter { $0.hasPrefix("line") }
                        == ["line 2", "line 1"], "in order of time: \(messages)")
            }
        }
    }
}
