import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// A row type is the columns of its table.
@Suite(.timeLimit(.minutes(5))) struct TableTests {
    struct Thing: Codable, Sendable, Equatable {
        enum Size: String, Codable, CaseIterable { case small, large }

        var id: ID<Block>
        var organizationID: String
        var name: String
        var size: Size
        var tags: [String] = ["a", "b"]
        var argsJSONSchema = RawJSON([1, "x"] as JSONValue)
        var origin = TemplateOrigin()
        var isOld = true
        var limit: Int? = 5
        var share = 0.5
        var note: String?
        var unstored = 7
        var createdByID: String? = "somebody"
        var createdAt = Timestamp(microseconds: 1)
        var updatedAt = Timestamp(microseconds: 2)
    }

    private static let things = Table<Thing>("thing", renaming: ["limit": "char_limit"], without: ["unstored": 7])

    private static let create: SQLText = """
        CREATE TABLE thing (
            organization_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, size TEXT NOT NULL, tags TEXT NOT NULL,
            args_json_schema TEXT NOT NULL, project_id TEXT, template_id TEXT, base_template_id TEXT,
            deployment_id TEXT, entity_id TEXT, is_old BOOLEAN NOT NULL, char_limit BIGINT, share DOUBLE PRECISION,
            note TEXT, created_by_id TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
            PRIMARY KEY (organization_id, id), UNIQUE (organization_id, name)
        )
        """

    private func withThings(
        _ engine: TestEngine, _ body: @escaping @Sendable (Transaction) throws -> Void
    ) async throws {
        try await withServer(on: engine) { server in
            try await server.storage.write { db in
                try db.execute(Self.create)
                try body(Transaction(db, as: Scope(organization: "org", user: "user")))
            }
        }
    }

    @Test func `columns are named after properties`() {
        #expect(
            Self.things.layout.columns == [
                "id", "organization_id", "name", "size", "tags", "args_json_schema", "project_id", "template_id",
                "base_template_id", "deployment_id", "entity_id", "is_old", "char_limit", "share", "note",
                "created_by_id", "created_at", "updated_at",
            ])
        #expect(!Self.things.layout.written.contains("organization_id"), "the transaction says whose it is")
    }

    @Test(arguments: Engines.all)
    func `what is written is read back`(_ engine: TestEngine) async throws {
        try await withThings(engine) { db in
            var thing = Thing(id: ID("block-1"), organizationID: "somebody else's", name: "one", size: .large)
            thing.origin.entityID = "e"
            thing.unstored = 8
            try db.insert(thing, into: Self.things)
            thing.organizationID = "org"
            thing.unstored = 7
            #expect(try db.fetch(Self.things, thing.id) == thing)
            var changed = Thing(
                id: ID("block-1"), organizationID: "org", name: "two", size: .small, tags: [], isOld: false)
            changed.limit = nil
            changed.note = "n"
            changed.createdByID = "another"
            changed.createdAt = Timestamp(microseconds: 9)
            #expect(try db.update(changed, in: Self.things, keeping: ["size"]))
            changed.size = .large
            changed.createdByID = "somebody"
            changed.createdAt = thing.createdAt
            #expect(try db.fetch(Self.things, thing.id, locking: true) == changed)
            #expect(try !db.update(changed, in: Self.things, where: "name = 'one'"))
            let others = Transaction(db, as: Scope(organization: "others", user: "user"))
            #expect(try others.fetch(Self.things, thing.id) == nil && !others.update(changed, in: Self.things))
            #expect(try !others.exists(thing.id, in: Self.things) && db.exists(thing.id, in: Self.things))
        }
    }

    @Test(arguments: Engines.all)
    func `an upsert keeps who and when`(_ engine: TestEngine) async throws {
        try await withThings(engine) { db in
            let first = Thing(id: ID("block-1"), organizationID: "org", name: "one", size: .large)
            try db.upsert(first, into: Self.things, onConflict: ["name"])
            var second = Thing(id: ID("block-2"), organizationID: "org", name: "one", size: .small, tags: ["c"])
            second.createdAt = Timestamp(microseconds: 9)
            second.updatedAt = Timestamp(microseconds: 9)
            try db.upsert(second, into: Self.things, onConflict: ["name"], keeping: ["tags"])
            second.id = first.id
            second.createdAt = first.createdAt
            second.tags = first.tags
            #expect(try db.fetchAll(Self.things, where: "1 = 1") == [second])
        }
    }

    @Test(arguments: Engines.all)
    func `many rows take few statements`(_ engine: TestEngine) async throws {
        try await withThings(engine) { db in
            let all = (0..<1500).map { number in
                Thing(id: ID("block-\(number)"), organizationID: "org", name: "n\(number)", size: .small)
            }
            let counter = CountingExecutor(base: db)
            try Transaction(counter, as: db.scope).insert(all, into: Self.things)
            #expect(counter.statements < 5)
            #expect(try db.count(Self.things, where: []) == 1500)
            #expect(try db.fetch(Self.things, all.map(\.id), locking: true).count == 1500)
        }
    }

    @Test(arguments: Engines.all)
    func `a deleted row leaves its place`(_ engine: TestEngine) async throws {
        try await withThings(engine) { db in
            for number in 1...3 {
                var thing = Thing(
                    id: ID("block-\(number)"), organizationID: "org", name: "n\(number)", size: .small)
                thing.createdAt = Timestamp(microseconds: Int64(number))
                try db.insert(thing, into: Self.things)
            }
            try db.delete("block-2", from: Self.things)
            var query = ListRelated()
            query.after = "block-2"
            #expect(try db.page(Self.things, query).items.map(\.name) == ["n1"])
            #expect(try db.page(Self.things, query, order: .oldestFirst).items.map(\.name) == ["n3"])
        }
    }

    @Test(arguments: Engines.all)
    func `a text that is no case of an enum is a failure`(_ engine: TestEngine) async throws {
        try await withThings(engine) { db in
            try db.insert(Thing(id: ID("block-1"), organizationID: "org", name: "one", size: .large), into: Self.things)
            try db.execute("UPDATE thing SET size = 'huge'")
            #expect { try db.fetch(Self.things, "block-1") } throws: { error in
                "\(error)".contains("column size: 'huge' is no Size")
            }
        }
    }
}

/// Counts the statements that change something.
private final class CountingExecutor: ExecutorWrapper {
    let base: any SQLExecutor
    private(set) var statements = 0

    init(base: any SQLExecutor) {
        self.base = base
    }

    func execute(_ sql: SQLText) throws(SQLFailure) -> Int {
        statements += 1
        return try base.execute(sql)
    }
}
