import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// Which blocks lists show, and that paging loses none.
@Suite(.timeLimit(.minutes(5))) struct BlockListTests {
    private func labels(_ server: TestServer, _ query: String) async throws -> String {
        let answer = try await server.get("/v1/blocks/?\(query)")
        #expect(answer.status == 200, "\(query): \(answer.text)")
        return (answer.json.array ?? []).compactMap { $0["label"]?.string }.joined()
    }

    @Test(arguments: Engines.all)
    func `filters`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let a = try await server.newBlock(
                "a", "One 50%", ["description": "First_", "tags": ["x", "y"], "read_only": true])
            let b = try await server.newBlock("b", "two", ["project_id": "p", "tags": ["y"], "template_name": "tn"])
            try await server.newBlock("c", "ONE", ["is_template": true, "template_name": "tn"])
            try await server.newBlock("d", "one", ["hidden": true])
            try await server.newAgent("one", ["block_ids": [.string(a), .string(b)]])
            try await server.newAgent("two", ["block_ids": [.string(b)]])
            let rows = [
                ("", "ab"), ("label=a", "a"), ("label=zzz", ""), ("templates_only=true", "c"), ("name=tn", "b"),
                ("name=tn&templates_only=true", "c"), ("project_id=p", "b"), ("tags=x", "a"), ("tags=x&tags=y", "ab"),
                ("tags=x&tags=y&match_all_tags=true", "a"), ("read_only=true", "a"), ("read_only=false", "b"),
                ("label_search=A", "a"), ("value_search=one", "a"), ("value_search=%25", "a"),
                ("description_search=first_", "a"), ("description_search=fir%25t", ""), ("identity_id=x", ""),
                ("identifier_keys=x", ""), ("connected_to_agents_count_gt=1", "b"),
                ("connected_to_agents_count_lt=2", "a"),
                ("connected_to_agents_count_eq=1", "a"),
                ("connected_to_agents_count_eq=1&connected_to_agents_count_eq=2", "ab"),
                ("connected_to_agents_count_eq=0", ""), ("order=desc", "ba"), ("limit=1", "a"),
                ("limit=1&order=desc", "b"),
                ("after=\(a)", "b"), ("before=\(b)", "a"), ("after=\(b)&order=desc", "a"),
                ("after=block-\(nobody)", "ab"),
                ("after=zzz&limit=1", "a"), ("limit=0", "ab"), ("limit=9223372036854775807", "ab"), ("zzz=1", "ab"),
            ]
            for (query, names) in rows { #expect(try await labels(server, query) == names, "\(query)") }
            for (query, count) in [
                ("", 2), ("label=a", 1), ("name=tn", 1), ("templates_only=true", 1), ("tags=y", 2),
                ("tags=x&tags=y&match_all_tags=true", 1), ("project_id=p", 1),
            ] {
                #expect(try await server.get("/v1/blocks/count?\(query)").json == .int(Int64(count)), "\(query)")
            }
            try await server.run([
                .get("/v1/blocks/?label=a%20b", expect: 422).field("label"),
                .get("/v1/blocks/?label=", expect: 422).field("label"),
                .get("/v1/blocks/?limit=-1", expect: 422).field("limit"),
                .get("/v1/blocks/?limit=x", expect: 422).field("limit"),
                .get("/v1/blocks/?order=x", expect: 422).field("order"),
                .get("/v1/blocks/?read_only=perhaps", expect: 422).field("read_only"),
                .get("/v1/blocks/?connected_to_agents_count_gt=x", expect: 422).field("connected_to_agents_count_gt"),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `a cursor of a deleted block keeps its place`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            for label in ["a", "b", "c", "d"] { server[label] = try await server.newBlock(label) }
            try await server.run([.delete("/v1/blocks/{b}", expect: 200), .delete("/v1/blocks/{d}", expect: 200)])
            for attempt in 0..<2 {
                #expect(try await labels(server, "after={b}") == "c")
                #expect(try await labels(server, "before={b}") == "a")
                #expect(try await labels(server, "order=desc&after={b}") == "a")
                #expect(try await labels(server, "after={d}") == "")
                if attempt == 0 { try await server.restart() }
            }
            let other = try await server.addOrganization()
            try await server.newBlock("theirs", as: other)
            let seen = try await server.get("/v1/blocks/?after={d}", as: other).ids
            #expect(seen.count == 1, "a cursor of another organization says nothing")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `without a limit a thousand are shown, and the links lead to the rest`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let first = try await server.newBlock("seed")
            // More than a request could make in the time of a test.
            try await server.storage.write { db in
                try db.execute(
                    """
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2300)
                    INSERT INTO block (
                        organization_id, id, label, value, char_limit, read_only, is_template, version, created_at,
                        updated_at)
                    SELECT organization_id, 'block-' || CAST(n + 10000000 AS TEXT), 'many', '', 10, FALSE, FALSE, 1,
                        created_at + n / 7, updated_at
                    FROM block, numbers WHERE id = \(first)
                    """)
            }
            for query in ["", "?order=desc", "?limit=500&label=many", "?limit=0"] {
                var seen: [String] = []
                var path: String? = "/v1/blocks/\(query)"
                var pages = 0
                while let next = path, pages < 20 {
                    let answer = try await server.get(next)
                    seen += answer.ids
                    pages += 1
                    path = answer[header: "Link"].flatMap { link in
                        #expect(link.hasSuffix(#">; rel="next""#))
                        return link.split(separator: ">").first.map { String($0.dropFirst()) }
                    }
                    if answer.ids.count < 1000, query == "" { #expect(path == nil) }
                }
                let all = query.contains("label") ? 2300 : 2301
                #expect(seen.count == all && Set(seen).count == all, "\(query)")
                #expect(pages == (query == "?limit=0" ? 1 : all / (query.contains("500") ? 500 : 1000) + 1), "\(query)")
            }
        }
    }
}
