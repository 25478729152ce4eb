import Foundation
import JSON
import LettaAPI
import Storage
import TestSupport

@testable import LettaServer

/// A database of Letta 0.16.8, made by SQL.
struct LettaDatabase: Sendable {
    let storage: any StorageEngine
    let address: String

    static let agents = 12
    static let messagesOfAgent = 9

    /// Passes `body` a new database with the tables of Letta.
    @discardableResult
    static func with<T: Sendable>(
        _ engine: TestEngine, tables: String = schema, _ body: (LettaDatabase) async throws -> T
    ) async throws -> T {
        try await TestDatabase.with(engine) { database in
            let storage = try await database.open()
            let letta = LettaDatabase(
                storage: storage, address: database.uri ?? "sqlite:///\(database.file ?? "")")
            let result: Result<T, any Error>
            do {
                try await storage.write { db in
                    for statement in statements(tables, db.dialect) {
                        try db.execute(SQLText(stringLiteral: statement))
                    }
                }
                result = .success(try await body(letta))
            } catch {
                result = .failure(error)
            }
            await storage.close()
            return try result.get()
        }
    }

    static let schema: String = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/letta-0.16.8.sql")
        // The tests fail without it, one by one.
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    private static func statements(_ schema: String, _ dialect: Dialect) -> [String] {
        let text =
            dialect == .postgres
            ? schema
            : schema.replacing("timestamp with time zone", with: "datetime")
                .replacing("timestamp without time zone", with: "datetime")
        return text.split(separator: ";").map { statement in
            statement.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: "\n")
        }.filter { !$0.allSatisfy(\.isWhitespace) }
    }

    // MARK: Rows

    /// Inserts a row with the columns that most tables have.
    static func insert(_ table: String, _ values: [String: JSONValue], _ db: any SQLExecutor) throws {
        var values = values
        let isLink = linkTables.contains(table)
        let all = Set(values.keys)
        if !isLink, table != "archives_agents" { values["is_deleted"] = false }
        if !isLink, !all.contains("organization_id"), !withoutOrganization.contains(table) {
            values["organization_id"] = .string(Organization.defaultID.rawValue)
        }
        if !isLink, !all.contains("created_at") { values["created_at"] = .string(time(0)) }
        let columns = values.keys.sorted()
        let names = SQLText.joined(columns.map { #""\#(SQLText(identifier: $0))""# }, separator: ", ")
        try db.execute(
            """
            INSERT INTO \(SQLText(identifier: table)) (\(names))
            VALUES (\(list: columns.map { sql(values[$0] ?? .null) }))
            """)
    }

    private static let linkTables: Set<String> = [
        "tools_agents", "agents_tags", "sources_agents", "identities_agents", "identities_blocks", "groups_agents",
        "groups_blocks", "blocks_agents", "blocks_conversations",
    ]
    private static let withoutOrganization: Set<String> = ["organizations", "archives_agents", "file_contents"]

    private static func sql(_ value: JSONValue) -> SQLValue {
        switch value {
        case .null: .null
        case .bool(let flag): .boolean(flag)
        case .int(let number): .integer(number)
        case .double(let number): .real(number)
        case .string(let text): .text(text)
        case .array, .object: .text(JSONWriter.string(of: value))
        }
    }

    /// Seconds after the first time of the tests.
    static func time(_ seconds: Int) -> String {
        Timestamp(microseconds: 1_741_064_767_000_008 + Int64(seconds) * 1_000_000).wireText
    }

    /// An id that a test can tell again.
    static func id(_ prefix: String, _ number: Int) -> String {
        let digits = String(number)
        return "\(prefix)-00000000-0000-4000-8000-\(String(repeating: "0", count: 12 - digits.count))\(digits)"
    }
}

extension LettaDatabase {
    static let model: JSONValue = [
        "model": "gpt-4o-mini", "model_endpoint_type": "openai", "context_window": 32000,
        "handle": "openai-proxy/gpt-4o-mini", "provider_name": "openai-proxy", "temperature": 0.7,
    ]
    static let embedding: JSONValue = [
        "embedding_endpoint_type": "openai", "embedding_model": "e", "embedding_dim": 3, "handle": "openai/e",
    ]

    /// Fills every table that is taken over, with what real databases have: emoji, NULs, rows that refer to nothing, runs
    /// that never ended.
    func fill(agents: Int = LettaDatabase.agents) async throws {
        try await storage.write { db in
            try Self.fillThings(db)
            try Self.fillDocuments(db)
            for number in 0..<agents { try Self.fillAgent(number, db) }
            try Self.fillRecords(db)
        }
    }

    private static func fillThings(_ db: any SQLExecutor) throws {
        // Bytes that are no text.
        let sealed = Data((0..<60).map { UInt8(200 + $0 % 50) }).base64EncodedString()
        try insert("organizations", ["id": .string(id("org", 7)), "name": "Second"], db)
        try insert(
            "users", ["id": .string(id("user", 7)), "name": "Ann", "organization_id": .string(id("org", 7))], db)
        try insert(
            "tools",
            [
                "id": .string(id("tool", 1)), "name": "add", "source_type": "python", "tool_type": "custom",
                "tags": ["math"],
                "source_code": "def add(a: int) -> int:\n    return a", "return_char_limit": 100,
                "json_schema": ["name": "add", "parameters": ["type": "object", "properties": [:]]],
                "default_requires_approval": true,
            ], db)
        try insert(
            "tools",
            ["id": .string(id("tool", 2)), "name": "memory_insert", "tool_type": "letta_sleeptime_core", "tags": []], db
        )
        try insert(
            "tools",
            [
                "id": .string(id("tool", 3)), "name": "look", "tool_type": "external_mcp", "tags": ["mcp:maps"],
                "json_schema": ["name": "look"],
            ], db)
        try insert(
            "mcp_server",
            [
                "id": .string(id("mcp_server", 1)), "server_name": "maps", "server_type": "sse",
                "server_url": "https://maps.example.org/sse", "token": "clear token",
                "custom_headers": ["X-Key": "header"],
            ], db)
        try insert(
            "mcp_tools",
            ["id": "mcp_tools-1", "mcp_server_id": .string(id("mcp_server", 1)), "tool_id": .string(id("tool", 3))], db)
        try insert(
            "providers",
            [
                "id": .string(id("provider", 1)), "name": "mine", "provider_type": "openai",
                "provider_category": "byok", "base_url": "https://llm.example.org/v1", "api_key": "clear key",
            ], db)
        try insert(
            "providers",
            [
                "id": .string(id("provider", 2)), "name": "sealed", "provider_type": "anthropic",
                "provider_category": "byok",
                "api_key_enc": .string(sealed),
            ], db)
        try insert(
            "providers",
            [
                "id": .string(id("provider", 3)), "name": "openai", "provider_type": "openai",
                "provider_category": "base",
            ], db)
        try insert(
            "sandbox_configs", ["id": .string(id("sandbox", 1)), "type": "LOCAL", "config": ["sandbox_dir": "/x"]], db)
        try insert(
            "sandbox_environment_variables",
            [
                "id": .string(id("sandbox-env", 1)), "key": "REGION", "value": "eu", "description": "where",
                "sandbox_config_id": .string(id("sandbox", 1)),
            ], db)
        try insert(
            "identities",
            [
                "id": .string(id("identity", 1)), "identifier_key": "ann", "name": "Ann", "identity_type": "user",
                "properties": [["key": "age", "value": 41, "type": "number"]],
            ], db)
    }

    private static func fillDocuments(_ db: any SQLExecutor) throws {
        try insert(
            "block",
            [
                "id": .string(id("block", 1)), "label": "shared", "value": "for all 🐘", "limit": 5, "version": 3,
                "read_only": false, "is_template": false, "description": "d", "metadata_": ["a": 1],
            ], db)
        try insert("blocks_tags", ["block_id": .string(id("block", 1)), "tag": "team"], db)
        for number in 1...2 {
            try insert(
                "block_history",
                [
                    "id": .string(id("block_hist", number)), "block_id": .string(id("block", 1)),
                    "sequence_number": .int(Int64(number)), "label": "shared", "value": .string("before \(number)"),
                    "limit": 5, "actor_type": "LETTA_USER", "actor_id": "user-x",
                ], db)
        }
        try insert(
            "identities_blocks", ["identity_id": .string(id("identity", 1)), "block_id": .string(id("block", 1))], db)
        try insert(
            "archives",
            [
                "id": .string(id("archive", 1)), "name": "facts", "vector_db_provider": "NATIVE",
                "embedding_config": embedding,
            ], db)
        for number in 1...3 {
            try insert(
                "archival_passages",
                [
                    "id": .string(id("passage", number)), "archive_id": .string(id("archive", 1)),
                    "text": .string("Noor is moving to Utrecht, part \(number)"),
                    "metadata_": ["n": .int(Int64(number))],
                    "tags": ["family"], "created_at": .string(time(number)), "embedding": "[1,2,3]",
                ], db)
        }
        try insert(
            "archival_passages",
            [
                "id": .string(id("passage", 9)), "archive_id": .string(id("archive", 404)), "text": "lost",
                "metadata_": [:],
            ],
            db)
        try insert(
            "sources",
            [
                "id": .string(id("source", 1)), "name": "docs", "embedding_config": embedding, "instructions": "read",
                "vector_db_provider": "NATIVE",
            ], db)
        try insert(
            "files",
            [
                "id": .string(id("file", 1)), "source_id": .string(id("source", 1)), "file_name": "a.txt",
                "original_file_name": "A.txt", "file_size": 11, "processing_status": "completed",
            ], db)
        try insert(
            "files",
            [
                "id": .string(id("file", 2)), "source_id": .string(id("source", 1)), "file_name": "b.pdf",
                "processing_status": "embedding",
            ], db)
        try insert(
            "file_contents", ["id": "file_content-1", "file_id": .string(id("file", 1)), "text": "hello world"], db)
        try insert(
            "source_passages",
            [
                "id": .string(id("passage", 21)), "source_id": .string(id("source", 1)),
                "file_id": .string(id("file", 1)),
                "file_name": "a.txt", "text": "hello world", "metadata_": [:],
            ], db)
    }

    private static func fillRecords(_ db: any SQLExecutor) throws {
        try insert(
            "groups",
            [
                "id": .string(id("group", 1)), "manager_type": "round_robin", "description": "two",
                "agent_ids": [.string(id("agent", 0)), .string(id("agent", 1)), .string(id("agent", 404))],
                "max_turns": 4,
            ], db)
        try insert("groups_blocks", ["group_id": .string(id("group", 1)), "block_id": .string(id("block", 1))], db)
        for (number, status) in [(1, "completed"), (2, "running")] {
            try insert(
                "runs",
                [
                    "id": .string(id("run", number)), "agent_id": .string(id("agent", 0)), "status": .string(status),
                    "stop_reason": "end_turn", "background": true, "metadata_": ["k": "v"],
                    "total_duration_ns": 7, "created_at": .string(time(number)),
                ], db)
        }
        try insert(
            "steps",
            [
                "id": .string(id("step", 1)), "run_id": .string(id("run", 1)), "agent_id": .string(id("agent", 0)),
                "prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13, "model": "gpt-4o-mini",
                "status": "SUCCESS", "stop_reason": "end_turn", "tags": [],
            ], db)
        try insert(
            "steps",
            ["id": .string(id("step", 2)), "agent_id": .string(id("agent", 0)), "status": "PENDING", "tags": []], db)
        try insert(
            "jobs",
            [
                "id": .string(id("job", 1)), "user_id": .string(User.defaultID.rawValue), "status": "completed",
                "job_type": "job", "metadata_": ["type": "embedding"],
            ], db)
    }
}
