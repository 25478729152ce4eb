import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// A database from before vectors.
@Suite(.timeLimit(.minutes(5))) struct VectorMigrationTests {
    private static let organization = Organization.defaultID.rawValue
    private static let config =
        #"{"embedding_endpoint_type":"openai","embedding_model":"m","embedding_dim":3,"batch_size":32}"#

    @Test(arguments: Engines.all)
    func `what was stored before waits for its vectors`(_ engine: TestEngine) async throws {
        try await TestDatabase.with(engine) { database in
            let storage = try await database.open()
            _ = try await Migrator(Array(AllMigrations.migrations.prefix(28))).up(storage, keepingCopyIn: nil)
            try await storage.write { db in try Self.fill(db) }
            _ = try await ServerStorage.migrator.up(storage, keepingCopyIn: nil)
            let scope = Scope(organization: Self.organization, user: "user-1")
            try await storage.read(as: scope) { db in
                let folder = try db.fetch(FolderStore.table, "source-1")
                #expect(try folder?.embeddingConfig?.content().embeddingModel == "m")
                #expect(try VectorStore.sets(of: "archive-2", db).isEmpty, "it has no model")
                for (owner, passage) in [("archive-1", "passage-1"), ("source-1", "passage-3")] {
                    let set = try #require(try VectorStore.sets(of: owner, db).first)
                    #expect(set.isCurrent && set.dimensions == nil)
                    let counts = try VectorStore.counts(of: set, db)
                    #expect(counts.all == 1 && counts.waiting == 1)
                    #expect(
                        try VectorStore.waiting([ID(passage)], in: set, as: scope, db).passages.map(\.text) == ["text"])
                }
                let next = try #require(try VectorStore.nextWaiting(at: .now, db))
                #expect(next.passages.count == 1 && next.scope.organization == Self.organization)
            }
            try await storage.write(as: scope) { db in
                var folder = try #require(try db.fetch(FolderStore.table, "source-1"))
                folder.embeddingConfig = nil
                try db.update(folder, in: FolderStore.table)
                #expect(try db.fetch(FolderStore.table, "source-1")?.embeddingConfig == nil)
            }
            await storage.close()
        }
    }

    private static func fill(_ db: any SQLExecutor) throws {
        for (archive, config) in [("archive-1", Self.config), ("archive-2", nil)] as [(String, String?)] {
            try db.execute(
                """
                INSERT INTO archive (organization_id, id, name, embedding_config, created_at, updated_at)
                VALUES (\(organization), \(archive), 'a', \(config), 0, 0)
                """)
        }
        for (passage, archive) in [("passage-1", "archive-1"), ("passage-2", "archive-2")] {
            try db.execute(
                """
                INSERT INTO passage (organization_id, id, archive_id, text, metadata, created_at, updated_at)
                VALUES (\(organization), \(passage), \(archive), 'text', '{}', 0, 0)
                """)
        }
        try db.execute(
            """
            INSERT INTO folder (organization_id, id, name, embedding_config, created_at, updated_at)
            VALUES (\(organization), 'source-1', 'docs', \(config), 0, 0)
            """)
        try db.execute(
            """
            INSERT INTO folder_file (organization_id, id, folder_id, file_name, processing_status, created_at, updated_at)
            VALUES (\(organization), 'file-1', 'source-1', 'a.txt', 'completed', 0, 0)
            """)
        try db.execute(
            """
            INSERT INTO folder_passage (organization_id, id, folder_id, file_id, text, metadata, created_at, updated_at)
            VALUES (\(organization), 'passage-3', 'source-1', 'file-1', 'text', '{}', 0, 0)
            """)
    }
}
