import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// What has many rows is deleted in several transactions.
@Suite(.timeLimit(.minutes(2))) struct LargeDeletionTests {
    private static let scope = Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)
    private static let count = 1_100

    /// Gives an agent more messages, runs with steps, and memories, all older than what it has.
    private func addPast(to agent: String, archive: String, _ server: TestServer) async throws {
        try await server.storage.write { db in
            let numbers: SQLText = """
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(Self.count))
                """
            let values: SQLText = "organization_id, id || CAST(n AS TEXT)"
            try db.execute(
                """
                \(numbers) INSERT INTO message (organization_id, id, agent_id, position, role, content, created_at, updated_at)
                SELECT \(values), agent_id, -n, role, content, created_at - n, updated_at FROM message, numbers
                WHERE agent_id = \(agent) AND position = (SELECT MAX(position) FROM message WHERE agent_id = \(agent))
                """)
            try db.execute(
                """
                \(numbers) INSERT INTO run (organization_id, id, agent_id, status, background, created_at, updated_at)
                SELECT \(values), agent_id, status, background, created_at - n, updated_at FROM run, numbers
                WHERE agent_id = \(agent)
                """)
            try db.execute(
                """
                INSERT INTO step (
                    organization_id, id, run_id, agent_id, prompt_tokens, completion_tokens, status, tags, tool_names, created_at,
                    updated_at)
                SELECT organization_id, 'step-' || id, id, agent_id, 1, 1, 'success', '[]', '[]', created_at, updated_at
                FROM run WHERE agent_id = \(agent) AND id NOT IN (SELECT run_id FROM step)
                """)
            try db.execute(
                """
                \(numbers) INSERT INTO passage (organization_id, id, archive_id, text, metadata, created_at, updated_at)
                SELECT \(values), archive_id, text, metadata, created_at - n, updated_at FROM passage, numbers
                WHERE archive_id = \(archive)
                """)
        }
    }

    /// The rows of tables that only this test's agents, archives and folders have.
    private func rows(_ server: TestServer, _ tables: [SQLText]) async throws -> [Int] {
        try await server.storage.read { db in
            try tables.map { table in try db.value("SELECT COUNT(*) FROM \(table)") ?? -1 }
        }
    }

    @Test(arguments: Engines.all)
    func `an agent goes with its long past`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            try await server.say("Hi", to: agent).expect(200)
            try await server.send(.post, "/v1/agents/\(agent)/archival-memory", ["text": "Noor has a cat"]).expect(200)
            let archive = try #require(
                try await server.get("/v1/agents/\(agent)/archival-memory").json[0]?["archive_id"]?.string)
            try await addPast(to: agent, archive: archive, server)
            let context = try await server.get("/v1/agents/\(agent)/context").json["messages"]
            let run = try #require(try await server.get("/v1/runs/?agent_id=\(agent)").ids.last)

            // A server that ended behind the first transaction.
            let deleted = try await server.storage.write(as: Self.scope) { db in
                try MessageStore.deletePast(of: ID(agent), limit: 500, db)
            }
            #expect(deleted == 500)
            #expect(try await server.get("/v1/agents/\(agent)/context").json["messages"] == context)
            try await server.say("Still there?", to: agent).expect(200, ["messages": [["content": "ok"]]])

            try await server.send(.delete, "/v1/agents/\(agent)").expect(200)
            try await server.send(.delete, "/v1/agents/\(agent)").expect(404)
            let left = try await rows(
                server, ["message", "message_words", "run", "step", "passage", "passage_words", "passage_vector"])
            #expect(left == [0, 0, 0, 0, 0, 0, 0])
            // Its place in lists is kept.
            try await server.get("/v1/runs/?after=\(run)").expect(200, [])
        }
    }

    @Test(arguments: Engines.all)
    func `so do archives and folders`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let archive = try #require(
                try await server.send(.post, "/v1/archives/", ["name": "large"]).json["id"]?.string)
            let texts = (0..<Self.count).map { JSONValue.object(["text": .string("Cat \($0)")]) }
            for part in stride(from: 0, to: texts.count, by: 100) {
                try await server.send(
                    .post, "/v1/archives/\(archive)/passages/batch",
                    ["passages": .array(Array(texts[part..<min(part + 100, texts.count)]))]
                ).expect(200)
            }
            try await server.run([.post("/v1/folders/", ["name": "docs"], expect: 200).keep("folder_id")])
            let folder = server["folder_id"]
            for number in 0..<3 {
                try await server.addFile("file\(number).txt", "about cats", to: folder)
            }
            try await server.send(.delete, "/v1/archives/\(archive)").expect(204)
            try await server.send(.delete, "/v1/archives/\(archive)").expect(404)
            try await server.send(.delete, "/v1/folders/\(folder)").expect(200)
            try await server.send(.delete, "/v1/folders/\(folder)").expect(404)
            let left = try await rows(
                server,
                ["passage", "passage_words", "passage_vector", "folder_passage", "folder_passage_words", "folder_file"])
            #expect(left == [0, 0, 0, 0, 0, 0])
        }
    }

    @Test(arguments: Engines.all)
    func `what conversations have in context stays until their agent goes`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent()
            let talk = try await server.newConversation(with: agent)
            try await server.say("Hi", in: talk).expect(200)
            let deleted = try await server.storage.write(as: Self.scope) { db in
                try MessageStore.deletePast(of: ID(agent), limit: 500, db)
            }
            #expect(deleted == 0, "not even its system message")
            try await server.say("Still there?", in: talk).expect(200)
        }
    }
}
