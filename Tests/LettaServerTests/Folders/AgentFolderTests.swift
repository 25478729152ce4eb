import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

/// The folders of agents, and the files that they have open.
@Suite(.timeLimit(.minutes(2))) struct AgentFolderTests {
    private func seed(_ server: TestServer) async throws {
        let embedding: JSONValue = "openai/text-embedding-3-small"
        try await server.run([
            .post("/v1/folders/", ["name": "docs", "embedding": embedding], expect: 200).keep("docs"),
            .post("/v1/folders/", ["name": "more", "embedding": embedding], expect: 200).keep("more"),
            .post("/v1/agents/", ["name": "Ada", "model": model, "max_files_open": 2], expect: 200).keep("ada"),
        ])
    }

    @Test(arguments: Engines.all)
    func `folders are attached and detached, in both spellings and generations`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            let tools = try await server.get("/v1/agents/{ada}/tools").json.array ?? []
            let fileTools: [JSONValue] = ["grep_files", "open_files", "semantic_search_files"]
            let all: [JSONValue] = (tools.compactMap { $0["name"] } + fileTools).map { name in ["name": name] }
            try await server.run([
                .patch("/v1/agents/{ada}/folders/attach/{docs}", expect: 200, nil),
                .patch(
                    "/v1/agents/{ada}/sources/attach/{more}", as: .legacy, expect: 200,
                    [
                        "id": "{ada}",
                        "sources": [
                            ["id": "{docs}", "vector_db_provider": "native", "embedding_config": .anything],
                            ["id": "{more}"],
                        ],
                        "tools": .array(all),
                    ]),
                .patch("/v1/agents/{ada}/folders/attach/{docs}", expect: 200).note("once is enough"),
                .patch("/v1/agents/agent-\(nobody)/folders/attach/{docs}", expect: 404),
                .patch("/v1/agents/{ada}/folders/attach/source-\(nobody)", expect: 404),
            ])
            try await server.restart()
            try await server.run([
                .get("/v1/agents/{ada}/folders", expect: 200, [["id": "{more}"], ["id": "{docs}"]]),
                .get("/v1/agents/{ada}/sources?order=asc&limit=1", expect: 200, [["id": "{docs}"]]),
                .get("/v1/agents/{ada}/folders?after={more}", expect: 200, [["id": "{docs}"]]),
                .get("/v1/agents/{ada}", expect: 200, ["sources": []]).note("not asked for"),
                .get("/v1/agents/{ada}?include=agent.sources", expect: 200, ["sources": .elements(2)]),
                .get(
                    "/v1/agents/{ada}?include_relationships=sources", as: .legacy, expect: 200,
                    ["sources": .elements(2), "tools": []]),
                .get("/v1/folders/{docs}/agents", expect: 200, ["{ada}"]),
                .get("/v1/sources/{docs}/agents", expect: 200, ["{ada}"]),
                .patch("/v1/agents/{ada}/sources/detach/{docs}", expect: 200, nil),
                .patch(
                    "/v1/agents/{ada}/folders/detach/{docs}", as: .legacy, expect: 200, ["sources": [["id": "{more}"]]]
                ).note("it is detached already"),
                .get("/v1/folders/{docs}/agents", expect: 200, []),
                .get("/v1/agents/{ada}/tools?limit=0", expect: 200, .elements(tools.count + 3)),
                .patch(
                    "/v1/agents/{ada}/folders/detach/{more}", as: .legacy, expect: 200,
                    ["sources": [], "tools": .elements(tools.count)]
                ).note("the file tools go with the last folder"),
            ])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an agent is made with folders, and given others`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            server["a"] = try await server.addFile("a.txt", "one", to: server["docs"])
            try await server.run([
                .post(
                    "/v1/agents/", ["model": model, "folder_ids": ["{docs}", "{more}"]], as: .legacy, expect: 200,
                    ["sources": [["id": "{docs}"], ["id": "{more}"]], "memory": ["file_blocks": .elements(1)]]
                ).keep("agent"),
                .post("/v1/agents/", ["model": model, "source_ids": ["source-\(nobody)"]], expect: 404),
                .get("/v1/agents/count", expect: 200, 2),
                .patch(
                    "/v1/agents/{agent}", ["source_ids": ["{more}"]], as: .legacy, expect: 200,
                    ["sources": [["id": "{more}"]], "memory": ["file_blocks": []]]),
                .patch("/v1/agents/{agent}", ["folder_ids": ["source-\(nobody)"]], expect: 404),
                .patch("/v1/agents/{agent}", ["folder_ids": []], as: .legacy, expect: 200, ["sources": []]),
                .patch("/v1/agents/{agent}", ["tool_ids": [], "folder_ids": ["{docs}", "{more}"]], expect: 200),
                .delete("/v1/folders/{docs}", expect: 200),
                .get(
                    "/v1/agents/{agent}", as: .legacy, expect: 200,
                    ["sources": [["id": "{more}"]], "tools": .elements(3)]),
                .delete("/v1/folders/{more}", expect: 200),
                .get("/v1/agents/{agent}", as: .legacy, expect: 200, ["sources": [], "tools": []]),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `files are opened up to the limit, the one used longest ago goes first`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            for (name, content) in [("a", "x,y\n1,2\n"), ("b", ""), ("c", "see")] {
                server[name] = try await server.addFile("\(name).csv", content, to: server["docs"])
            }
            let path = "/v1/agents/{ada}/files"
            try await server.run([
                .get(path, expect: 200, ["files": [], "next_cursor": nil, "has_more": false]),
                .patch("/v1/agents/{ada}/folders/attach/{docs}", expect: 200),
                .get(
                    "\(path)?order=asc", expect: 200,
                    [
                        "files": [
                            [
                                "id": .id("file_agent"), "file_id": "{a}", "file_name": "docs/a.csv",
                                "folder_id": "{docs}", "folder_name": "docs", "is_open": true,
                                "visible_content": "[Viewing file start (out of 2 lines)]\n1: x,y\n2: 1,2",
                                "start_line": nil, "end_line": nil,
                            ],
                            ["file_id": "{b}", "is_open": true, "visible_content": ""],
                            ["file_id": "{c}", "is_open": false, "visible_content": nil],
                        ], "has_more": false,
                    ]),
                .patch("\(path)/{a}/open", expect: 200, []).note("used last from now on"),
                .patch("\(path)/{c}/open", expect: 200, ["docs/b.csv"]),
            ])
            try await server.restart()
            try await server.run([
                .get("\(path)?is_open=false", expect: 200, ["files": [["file_id": "{b}", "visible_content": nil]]]),
                .get("\(path)?is_open=true", expect: 200, ["files": [["file_id": "{c}"], ["file_id": "{a}"]]]),
                .get(
                    "/v1/agents/{ada}", as: .legacy, expect: 200,
                    [
                        "memory": [
                            "file_blocks": [
                                [
                                    "id": .id("block"), "label": "docs/a.csv", "file_id": "{a}", "source_id": "{docs}",
                                    "is_open": true, "read_only": true, "limit": 25_000, "metadata": [:],
                                    "value": .text(containing: "2: 1,2"),
                                ], ["file_id": "{b}", "is_open": false, "value": ""], ["file_id": "{c}"],
                            ]
                        ]
                    ]),
                .get(
                    "/v1/agents/?name=Ada", as: .legacy, expect: 200,
                    [
                        [
                            "memory": [
                                "file_blocks": [
                                    ["file_id": "{a}", "is_open": true, "value": ""], ["file_id": "{b}"],
                                    ["file_id": "{c}", "is_open": true, "value": ""],
                                ]
                            ]
                        ]
                    ]
                ).note("a list has no texts of files"),
                .patch("\(path)/{a}/close", expect: 200, ["message": "File id={a} successfully closed"]),
                .patch("\(path)/close-all", expect: 200, ["docs/c.csv"]),
                .patch("\(path)/close-all", expect: 200, []),
                .patch("\(path)/file-\(nobody)/open", expect: 404, ["detail": "File with id=file-\(nobody) not found"]),
                .patch("\(path)/file-\(nobody)/close", expect: 404),
                .patch("/v1/agents/{ada}", ["per_file_view_window_char_limit": 5], expect: 200),
                .patch("\(path)/{a}/open", expect: 200, []),
                .get("\(path)?is_open=true", expect: 200, ["files": [["visible_content": "[View"]]]),
            ])
            server["d"] = try await server.addFile("d.csv", "new", to: server["docs"])
            try await server.run([
                .get("\(path)?limit=1", expect: 200, ["files": [["file_id": "{d}", "is_open": false]]])
                    .note("a new file comes to those that have the folder"),
                .delete("/v1/folders/{docs}/{d}", expect: 204),
                .get(path, expect: 200, ["files": .elements(3)]),
                .patch("/v1/agents/{ada}/folders/detach/{docs}", expect: 200),
                .get(path, expect: 200, ["files": []]),
                .patch("/v1/agents/{ada}/folders/attach/{docs}", expect: 200).note("again, after a file was deleted"),
                .get(path, expect: 200, ["files": .elements(3)]),
            ])
        }
    }

    @Test(.enabled(if: Engines.all.contains(.postgres)))
    func `an agent that is given a folder while its only one is deleted keeps the file tools`() async throws {
        try await withServer(on: .postgres) { server in
            try await seed(server)
            try await server.run([.patch("/v1/agents/{ada}/folders/attach/{docs}", expect: 200)])
            let tools = try await server.get("/v1/agents/{ada}/tools?limit=0").ids
            let (agent, folder, isAttaching, isDeleted) = (server["ada"], server["more"], Counter(), Counter())
            async let attaching: Void = server.storage.write { db in
                // As attaching does, slowly: it commits when the deletion waits for it, or is over. (`pg_stat_activity`
                // would show a transaction the same state for ever.)
                _ = try db.rows("SELECT id FROM agent WHERE id = \(agent) FOR UPDATE")
                try db.execute(
                    """
                    INSERT INTO agent_folder (organization_id, agent_id, folder_id)
                    SELECT organization_id, \(agent), id FROM folder WHERE id = \(folder)
                    """)
                isAttaching.next()
                var isAwaited = false
                while !isAwaited, isDeleted.value == 0 {
                    isAwaited =
                        try db.value(
                            """
                            SELECT COUNT(*) > 0 FROM pg_locks
                            WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
                            """) ?? false
                }
            }
            while isAttaching.value == 0 { await Task.yield() }
            try await server.run([.delete("/v1/folders/{docs}", expect: 200)])
            isDeleted.next()
            try await attaching
            #expect(try await server.get("/v1/agents/{ada}/tools?limit=0").ids == tools)
        }
    }

    @Test(arguments: Engines.scenarios)
    func `the files of an agent are paged`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await seed(server)
            for name in ["a", "b", "c"] {
                server[name] = try await server.addFile(name, name, to: server["docs"])
            }
            try await server.run([.patch("/v1/agents/{ada}/folders/attach/{docs}", expect: 200)])
            for parameter in ["after", "cursor"] {
                var seen: [String] = []
                var query = "limit=2"
                while true {
                    let page = try await server.get("/v1/agents/{ada}/files?\(query)").expect(200)
                    seen += (page.json["files"]?.array ?? []).compactMap { $0["file_id"]?.string }
                    #expect((page[header: "Link"] != nil) == (page.json["has_more"] == true))
                    guard page.json["has_more"] == true, seen.count < 9 else { break }
                    query = "limit=2&\(parameter)=\(try #require(page.json["next_cursor"]?.string))"
                }
                #expect(seen == ["c", "b", "a"].map { server[$0] })
            }
            try await server.run([
                .get("/v1/agents/{ada}/files?limit=3", expect: 200, ["has_more": false])
                    .note("a full page that is the last one")
            ])
            let file = server["a"]
            try await server.storage.write { db in
                for (table, columns) in [
                    ("folder_file", "folder_id, processing_status, created_at, updated_at"),
                    ("agent_file", "agent_id, folder_id, is_open, last_accessed_at, created_at, updated_at"),
                ] as [(SQLText, SQLText)] {
                    let isFile = table.text == "folder_file"
                    let id: SQLText = "-00000000-0000-4000-8000-0000' || CAST(n + 10000000 AS TEXT)"
                    try db.execute(
                        """
                        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 998)
                        INSERT INTO \(table) (
                            organization_id, id, \(isFile ? "file_name" : "file_id" as SQLText), \(columns))
                        SELECT organization_id, '\(isFile ? "file" : "file_agent" as SQLText)\(id),
                            '\(isFile ? "n" : "file" as SQLText)\(id), \(columns)
                        FROM \(table), numbers WHERE \(isFile ? "id" : "file_id" as SQLText) = \(file)
                        """)
                }
            }
            let page = try await server.get("/v1/agents/{ada}/files?limit=0").expect(
                200, ["files": .elements(1_000), "has_more": true, "next_cursor": .anything])
            let next = try #require(page[header: "Link"]?.split(separator: ">").first?.dropFirst())
            try await server.get(String(next)).expect(200, ["files": .elements(1), "has_more": false])
        }
    }
}
