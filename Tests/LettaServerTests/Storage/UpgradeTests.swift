import AgentEngine
import LettaAPI
import Logging
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Databases of earlier versions keep what they hold.
@Suite(.timeLimit(.minutes(5))) struct UpgradeTests {
    private static let organization = "org-00000000-0000-4000-8000-000000000000"
    private static let agent = "agent-00000000-0000-4000-8000-000000000001"

    @Test(arguments: Engines.all)
    func `contexts, runs and steps outlive the sixth migration`(_ engine: TestEngine) async throws {
        try await TestDatabase.with(engine) { database in
            let storage = try await database.open()
            _ = try await Migrator(Array(AllMigrations.migrations.prefix(5))).up(storage, keepingCopyIn: nil)
            try await storage.write { db in try Self.fill(db) }
            let before = try await storage.read { db in try Self.turns(db) }
            #expect(before.count == 4)

            _ = try await ServerStorage.migrator.up(storage, keepingCopyIn: nil)
            let after = try await storage.read { db in try Self.turns(db) }
            #expect(after == before)
            let scope = Scope(organization: Self.organization, user: "user-1")
            let context = try await storage.read(as: scope) { db in
                try MessageStore.context(of: ID(Self.agent), db).map(\.id.rawValue)
            }
            #expect(context == ["message-0", "message-3", "message-2"], "the order of the context, not of the writing")
            let last = TurnMessage(id: "message-4", role: .user, parts: [.text("Hi")], createdAt: 9)
            let longer = try await storage.write(as: scope) { db in
                try TurnStore.append([last], to: ID(Self.agent), model: nil, db)
                return try MessageStore.turnContext(of: ID(Self.agent), db).map { try $0.message().id }
            }
            #expect(longer == context + ["message-4"])
            try await storage.write { db in
                // What refers to a run still goes with it.
                try db.execute("DELETE FROM run WHERE id = 'run-1'")
                #expect(try Self.turns(db).isEmpty)
            }
            await storage.close()
        }
    }

    @Test(arguments: Engines.all)
    func `an agent keeps its archive, a user its organization`(_ engine: TestEngine) async throws {
        try await TestDatabase.with(engine) { database in
            let storage = try await database.open()
            _ = try await Migrator(Array(AllMigrations.migrations.prefix(14))).up(storage, keepingCopyIn: nil)
            try await storage.write { db in
                try db.execute(
                    """
                    INSERT INTO agent (
                        organization_id, id, name, agent_type, system_prompt, tool_rules, llm_config, model_settings,
                        compaction_settings, memory_variables, context_window, timezone, message_buffer_autoclear,
                        next_message_position, system_compiled_at, created_at, updated_at)
                    VALUES (
                        \(Self.organization), \(Self.agent), 'Ada', 'letta_v1_agent', 'You are Ada.', '[]', '{}', '{}',
                        '{}', '{}', 1000, 'UTC', \(false), 0, 0, 0, 0)
                    """)
                for archive in ["archive-1", "archive-2"] {
                    try db.execute(
                        """
                        INSERT INTO archive (organization_id, id, name, created_at, updated_at)
                        VALUES (\(Self.organization), \(archive), 'a', 0, 0)
                        """)
                }
                try db.execute(
                    """
                    INSERT INTO agent_archive (organization_id, agent_id, archive_id, is_owner)
                    VALUES (\(Self.organization), \(Self.agent), 'archive-1', \(true))
                    """)
                try db.execute(
                    """
                    INSERT INTO user_account (id, organization_id, name, created_at)
                    VALUES ('user-1', \(Self.organization), 'Ann', 7)
                    """)
            }
            _ = try await ServerStorage.migrator.up(storage, keepingCopyIn: nil)
            let scope = Scope(organization: Self.organization, user: "user-1")
            let (archives, user) = try await storage.write(as: scope) { db in
                try ArchiveStore.attach(ID("archive-2"), to: ID(Self.agent), isOwner: false, db)
                let archives = try ArchiveStore.archives(of: ID(Self.agent), db).map(\.rawValue)
                return (archives, try AccountStore.user(ID("user-1"), db))
            }
            #expect(archives == ["archive-1", "archive-2"])
            #expect(user?.organizationID.rawValue == Self.organization)
            #expect(user?.createdAt?.microseconds == 7 && user?.updatedAt.microseconds == 7)
            await storage.close()
        }
    }

    @Test(arguments: Engines.all)
    func `what was said before there was an index of words is found`(_ engine: TestEngine) async throws {
        try await TestDatabase.with(engine) { database in
            let storage = try await database.open()
            _ = try await Migrator(Array(AllMigrations.migrations.prefix(29))).up(storage, keepingCopyIn: nil)
            try await storage.write { db in
                try Self.fill(db, context: false)
                try db.execute("UPDATE message SET said = 'I guaranteed it' WHERE id IN ('message-1', 'message-3')")
                try db.execute(
                    """
                    INSERT INTO archive (organization_id, id, name, created_at, updated_at)
                    VALUES (\(Self.organization), 'archive-1', 'a', 0, 0)
                    """)
                try db.execute(
                    """
                    INSERT INTO passage (organization_id, id, archive_id, text, metadata, created_at, updated_at)
                    VALUES (\(Self.organization), 'passage-1', 'archive-1', 'Guarantees', '{}', 0, 0)
                    """)
            }
            _ = try await ServerStorage.migrator.up(storage, keepingCopyIn: nil)
            let builder = WordIndexBuilder(storage: storage, logger: Logger(label: "test"))
            try await builder.run()
            // Nothing is left to do, and nothing is indexed twice.
            try await builder.run()
            let scope = Scope(organization: Self.organization, user: "user-1")
            let search = MessageSearch(query: "guarantee", limit: 10, now: Timestamp(microseconds: 0))
            let (messages, passages) = try await storage.read(as: scope) { db in
                let passages = try PassageStore.find(
                    "guarantee", matching: PassageFilter(), orElse: .ascending, limit: 9, db)
                return (try search.run(nil, db).map(\.row.id.rawValue), passages.map(\.passage.id.rawValue))
            }
            #expect(messages.sorted() == ["message-1", "message-3"])
            #expect(passages == ["passage-1"])
            let rows = try await storage.read { db in try db.row("SELECT COUNT(*) AS count FROM message_words") }
            #expect(try rows?["count"] as Int? == 2)
            await storage.close()
        }
    }

    /// Four messages, three of them in the context and in another order, and a run with all that hangs on it.
    private static func fill(_ db: any SQLExecutor, context: Bool = true) throws {
        try db.execute(
            """
            INSERT INTO agent (
                organization_id, id, name, agent_type, system_prompt, tool_rules, llm_config, model_settings,
                compaction_settings, memory_variables, context_window, timezone, message_buffer_autoclear,
                next_message_position, system_compiled_at, created_at, updated_at)
            VALUES (
                \(organization), \(agent), 'Ada', 'letta_v1_agent', 'You are Ada.', '[]', '{}', '{}', '{}', '{}', 1000,
                'UTC', \(false), 4, 0, 0, 0)
            """)
        for number in 0..<4 {
            try db.execute(
                """
                INSERT INTO message (
                    organization_id, id, agent_id, position, role, content, run_id, step_id, created_at, updated_at)
                VALUES (
                    \(organization), \("message-\(number)"), \(agent), \(number), 'user', '[]', 'run-1', 'step-1', 0, 0)
                """)
        }
        guard context else { return }
        for (position, message) in [0, 3, 2].enumerated() {
            try db.execute(
                """
                INSERT INTO context_message (organization_id, agent_id, position, message_id)
                VALUES (\(organization), \(agent), \(position), \("message-\(message)"))
                """)
        }
        try db.execute(
            """
            INSERT INTO run (organization_id, id, agent_id, status, background, created_at, updated_at, callback_url)
            VALUES (\(organization), 'run-1', \(agent), 'completed', \(true), 7, 8, 'http://localhost/there')
            """)
        try db.execute(
            """
            INSERT INTO step (
                organization_id, id, run_id, agent_id, prompt_tokens, completion_tokens, status, tags, tool_names,
                created_at, updated_at)
            VALUES (\(organization), 'step-1', 'run-1', \(agent), 3, 4, 'success', '["a"]', '[]', 7, 8)
            """)
        try db.execute(
            """
            INSERT INTO provider_trace (organization_id, id, step_id, request, response, created_at)
            VALUES (\(organization), 'trace-1', 'step-1', '{"model": "m"}', '{}', 7)
            """)
        try db.execute(
            """
            INSERT INTO run_event (organization_id, run_id, sequence, type, event, created_at)
            VALUES (\(organization), 'run-1', 1, 'ping', '{}', 7)
            """)
    }

    /// A line for everything of the run.
    private static func turns(_ db: any SQLExecutor) throws -> [String] {
        try db.rows(
            """
            SELECT 'run ' || id || ' ' || status || ' ' || callback_url AS line FROM run
            UNION ALL SELECT 'step ' || id || ' ' || run_id || ' ' || tags FROM step
            UNION ALL SELECT 'trace ' || id || ' ' || step_id || ' ' || request FROM provider_trace
            UNION ALL SELECT 'event ' || run_id || ' ' || type FROM run_event
            """
        ).map { try $0["line"] }
    }
}
