import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// Organizations and their users, and who acts in a request.
@Suite(.timeLimit(.minutes(5))) struct AccountTests {
    private static let orgs = "/v1/admin/orgs/"
    private static let users = "/v1/admin/users/"

    /// Creates an organization and a user in it under the names `org` and `user`.
    private static let created: [Scenario] = [
        .post(
            orgs, ["name": "o1"], expect: 200,
            ["id": .id("org"), "name": "o1", "created_at": .anything, "privileged_tools": false]
        ).keep("org"),
        .post(
            users, ["name": "u1", "organization_id": "{org}"], expect: 200,
            [
                "id": .id("user"), "organization_id": "{org}", "name": "u1", "created_at": .anything,
                "updated_at": .anything, "is_deleted": false,
            ]
        ).keep("user"),
    ]

    private static let inside = TestCaller.user("{user}")

    @Test(arguments: Engines.all)
    func `organizations and users are created, read, changed and deleted`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let (first, ada): (JSONValue, JSONValue) = (
                ["id": .string(Organization.defaultID.rawValue), "name": "default_org", "privileged_tools": false],
                [
                    "id": .string(User.defaultID.rawValue), "name": "default_user", "created_at": nil,
                    "organization_id": .string(Organization.defaultID.rawValue), "is_deleted": false,
                ]
            )
            try await server.run([
                .get(Self.orgs, expect: 200, [first]),
                .get(Self.users, expect: 200, [ada]),
            ])
            try await server.run(Self.created)
            try await server.run([
                .post(Self.users, ["name": "u"], expect: 422).field("organization_id"),
                .post(Self.users, ["name": "u", "organization_id": .string("org-\(nobody)")], expect: 404),
                .post(Self.orgs, [:], expect: 200, ["name": .id("org")]).keep("unnamed"),
                .post(Self.orgs, ["name": "p", "privileged_tools": true], expect: 200, ["privileged_tools": true]),
                .patch(
                    "\(Self.orgs)?org_id={org}", ["name": "o2", "privileged_tools": true], expect: 200, ["name": "o2"]),
                .patch("\(Self.orgs)?org_id={org}", ["name": nil], expect: 200, ["name": "o2"]),
                .patch("\(Self.orgs)?org_id=org-\(nobody)", ["name": "x"], expect: 404),
                .patch(Self.orgs, ["name": "x"], expect: 422).field("org_id"),
                .put(
                    Self.users, ["id": "{user}", "name": "u2"], expect: 200, ["name": "u2", "organization_id": "{org}"]),
                .put(Self.users, ["id": "{user}", "organization_id": "{unnamed}"], expect: 200, ["name": "u2"]),
                .put(Self.users, ["id": "{user}", "organization_id": .string("org-\(nobody)")], expect: 404),
                .put(Self.users, ["id": .string("user-\(nobody)"), "name": "x"], expect: 404),
                .put(Self.users, ["name": "x"], expect: 422).field("id"),
            ])
            try await server.restart()
            try await server.run([
                .get(
                    Self.orgs, expect: 200,
                    [first, ["name": "o2", "privileged_tools": true], [:], ["name": "p", "privileged_tools": true]]),
                .get("\(Self.orgs)?after={org}&limit=1", expect: 200, [["id": "{unnamed}"]]),
                .get(Self.users, expect: 200, [ada, ["id": "{user}", "name": "u2", "organization_id": "{unnamed}"]]),
                .delete("\(Self.users)?user_id={user}", expect: 200, ["id": "{user}", "is_deleted": true]),
                .delete("\(Self.users)?user_id={user}", expect: 404),
                .delete(Self.users, expect: 422).field("user_id"),
                .get("\(Self.users)?order=desc&after={user}", expect: 200, [ada]).note("the cursor keeps its place"),
                .delete("\(Self.orgs)?org_id={unnamed}", expect: 200, ["id": "{unnamed}"]),
                .delete("\(Self.orgs)?org_id={unnamed}", expect: 404),
                .get("\(Self.orgs)?after={unnamed}", expect: 200, [["name": "p"]]),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the default ones stay`(_ engine: TestEngine) async throws {
        try await scenarios(
            on: engine,
            [
                .delete(
                    "\(Self.orgs)?org_id=\(Organization.defaultID)", expect: 409,
                    ["detail": .text(containing: "is the default one")]),
                .delete(
                    "\(Self.users)?user_id=\(User.defaultID)", expect: 409,
                    ["detail": .text(containing: "is the default one")]),
                .post(Self.orgs, ["name": "o"], expect: 200).keep("org"),
                .put(
                    Self.users, ["id": .string(User.defaultID.rawValue), "organization_id": "{org}"], expect: 409),
                .put(
                    Self.users, ["id": .string(User.defaultID.rawValue), "name": "Ada"], expect: 200, ["name": "Ada"]),
            ])
    }

    @Test(arguments: Engines.all)
    func `a user acts in the user's organization, which has its base tools`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run(Self.created)
            func names(_ caller: TestCaller) async throws -> Set<String> {
                let tools = try await server.get("/v1/tools/?limit=0", as: caller).json.array ?? []
                return Set(tools.compactMap { $0["name"]?.string })
            }
            let base = try await names(.v1)
            #expect(base.count > 10)
            #expect(try await names(Self.inside) == base)
            try await server.run([
                .post("/v1/agents/", ["name": "Ada", "model": model], as: Self.inside, expect: 200).keep("agent"),
                .get("/v1/agents/{agent}", as: Self.inside, expect: 200, ["created_by_id": "{user}"]),
                .get("/v1/agents/{agent}", expect: 404),
                .post("/v1/agents/{agent}/messages", ["input": "Hi."], as: Self.inside, expect: 200),
            ])
            // A later version has further base tools: they are added to every organization at the start.
            _ = try await server.storage.write { db in try db.execute("DELETE FROM tool WHERE name = 'memory_insert'") }
            try await server.restart()
            #expect(try await names(Self.inside) == base)
            #expect(try await server.get("/v1/tools/?name=memory_insert", as: Self.inside).ids.count == 1)
            try await server.run([
                .get("/v1/agents/{agent}", as: Self.inside, expect: 200, ["name": "Ada"]),
                .put(
                    Self.users, ["id": "{user}", "organization_id": .string(Organization.defaultID.rawValue)],
                    expect: 200),
                .get("/v1/agents/{agent}", as: Self.inside, expect: 404).note("the user moved"),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an organization administers itself alone`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run(Self.created)
            try await server.run([
                .get(Self.orgs, as: Self.inside, expect: 200, [["id": "{org}"]]),
                .get(Self.users, as: Self.inside, expect: 200, [["id": "{user}"]]),
                .post(Self.orgs, ["name": "x"], as: Self.inside, expect: 403),
                .delete("\(Self.orgs)?org_id={org}", as: Self.inside, expect: 403),
                .delete("\(Self.orgs)?org_id=\(Organization.defaultID)", as: Self.inside, expect: 404),
                .patch(
                    "\(Self.orgs)?org_id={org}", ["name": "mine", "privileged_tools": false], as: Self.inside,
                    expect: 200,
                    ["name": "mine"]),
                .patch("\(Self.orgs)?org_id={org}", ["privileged_tools": true], as: Self.inside, expect: 403),
                .get(Self.orgs, as: Self.inside, expect: 200, [["privileged_tools": false]]),
                .post(Self.users, ["name": "u", "organization_id": "{org}"], as: Self.inside, expect: 200).keep("more"),
                .post(
                    Self.users, ["name": "u", "organization_id": .string(Organization.defaultID.rawValue)],
                    as: Self.inside, expect: 404),
                .put(
                    Self.users, ["id": "{more}", "organization_id": .string(Organization.defaultID.rawValue)],
                    as: Self.inside, expect: 404),
                .put(Self.users, ["id": .string(User.defaultID.rawValue), "name": "x"], as: Self.inside, expect: 404),
                .delete("\(Self.users)?user_id=\(User.defaultID)", as: Self.inside, expect: 404),
                .delete("\(Self.users)?user_id={more}", as: Self.inside, expect: 200),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `without a password an unknown user is the default one, a deleted one is nobody`(
        _ engine: TestEngine
    ) async throws {
        try await withServer(on: engine) { server in
            try await server.run(Self.created)
            try await server.run([
                .get(Self.orgs, as: .user("user-\(nobody)"), expect: 200, .elements(2)),
                .delete("\(Self.users)?user_id={user}", expect: 200),
                .get("/v1/agents/", as: Self.inside, expect: 404, ["detail": .text(containing: "{user}")]),
                .get("/v1/agents/", as: .user("bob"), expect: 400),
            ])
            try await server.restart()
            try await server.run([.get("/v1/agents/", as: Self.inside, expect: 404)])
        }
    }

    @Test func `with a password an unknown user is nobody`() async throws {
        try await withServer(on: .sqlite, { $0.password = "right" }) { server in
            let known = TestCaller.user(User.defaultID.rawValue).with("Authorization", "Bearer right")
            let unknown = TestCaller.user("user-\(nobody)")
            try await server.run([
                .get("/v1/agents/", as: known, expect: 200),
                .get("/v1/agents/", as: unknown.with("Authorization", "Bearer right"), expect: 404),
                .get("/v1/agents/", as: unknown, expect: 401).note(
                    "who is known is told to nobody without the password"),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `nothing of a deleted organization is left`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run(Self.created)
            // The tables of the full-text index change their layout.
            func rows() async throws -> [String] {
                let changing = ["deleted_account: ", "passage_words", "folder_passage_words", "message_words"]
                return try await server.rows().filter { row in !changing.contains { row.hasPrefix($0) } }
            }
            let before = try await rows()
            try await server.run([
                .post(Self.orgs, ["name": "gone"], expect: 200).keep("gone"),
                .post(Self.users, ["name": "u", "organization_id": "{gone}"], expect: 200).keep("ghost"),
            ])
            let (gone, ghost) = (server["gone"], server["ghost"])
            var uuids: Set<String> = []
            try await server.acting(as: ghost) {
                try await server.seedEverything()
                uuids = try await server.uuids(of: gone)
                try await server.run([.delete("/v1/blocks/{other}", expect: 200)])
            }
            #expect(uuids.count > 30)
            try await server.run([
                .delete("\(Self.orgs)?org_id=\(gone)", expect: 200),
                .get("/v1/agents/", as: .user(ghost), expect: 404),
            ])
            #expect(try await rows() == before)
            let left = try await server.rows().filter {
                !$0.hasPrefix("deleted_account: ") && !$0.uuids.isDisjoint(with: uuids)
            }
            #expect(left == [])
        }
    }
}
