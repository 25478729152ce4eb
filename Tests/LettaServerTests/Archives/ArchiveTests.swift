import JSON
import LettaAPI
import TestSupport
import Testing

/// Archives on their own, and the agents that share them.
@Suite(.timeLimit(.minutes(5))) struct ArchiveTests {
    @Test(arguments: Engines.all)
    func `an archive is made, read, changed and deleted`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let arc: JSONValue = [
                "id": "{one}", "name": "one", "description": "d", "vector_db_provider": "native", "metadata": nil,
                "embedding_config": ["handle": "openai/text-embedding-3-small", "embedding_dim": 1536],
                "organization_id": .id("org"), "created_by_id": .id("user"), "created_at": .anything,
            ]
            try await server.run([
                .post(
                    "/v1/archives/",
                    ["name": "one", "description": "d", "embedding": "openai/text-embedding-3-small"], expect: 200
                ).keep("one"),
                .post("/v1/archives", ["name": "two"], expect: 200, ["embedding_config": nil, "description": nil])
                    .keep("two"),
                .post("/v1/archives/", ["embedding": "openai/text-embedding-3-small"], expect: 422).field("name"),
                .post("/v1/archives/", ["name": "x", "embedding": "openai/nothing"], expect: 400),
                .get("/v1/archives/{one}", expect: 200, arc),
            ])
            try await server.restart()
            try await server.run([
                .get("/v1/archives/{one}", expect: 200, arc),
                .get("/v1/archives/", expect: 200, [["id": "{two}"], ["id": "{one}"]]),
                .get("/v1/archives/?order=asc&limit=1", expect: 200, [["id": "{one}"]]),
                .get("/v1/archives/?after={two}", expect: 200, [["id": "{one}"]]),
                .get("/v1/archives/?name=two", expect: 200, [["id": "{two}"]]),
                .patch("/v1/archives/{one}", ["name": "uno"], expect: 200, ["name": "uno", "description": "d"]),
                .patch("/v1/archives/{one}", ["description": nil], expect: 200, ["name": "uno", "description": nil]),
                .patch("/v1/archives/{one}", ["name": 5], expect: 422).field("name"),
            ])
            let gone = try await server.run(.delete("/v1/archives/{one}", expect: 204))
            #expect(gone.body.isEmpty)
            try await server.run([
                .delete("/v1/archives/{one}", expect: 404),
                .get("/v1/archives/{one}", expect: 404, ["detail": .text(containing: "Archive with ID")]),
                .patch("/v1/archives/{one}", ["name": "x"], expect: 404),
                .get("/v1/archives/?order=asc&after={one}", expect: 200, [["id": "{two}"]]),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `passages come and go, several all or none`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let passages = "/v1/archives/{archive}/passages"
            try await server.run([
                .post("/v1/archives/", ["name": "a"], expect: 200).keep("archive"),
                .post("/v1/archives/", ["name": "b"], expect: 200).keep("other"),
                .post(
                    passages, ["text": "in archive", "tags": ["t"], "metadata": ["a": 1]], expect: 200,
                    ["text": "in archive", "tags": ["t"], "metadata": ["a": 1], "archive_id": "{archive}"]
                ).keep("passage"),
                .post(
                    "\(passages)/batch",
                    ["passages": [["text": "one"], ["text": "two", "created_at": "2020-01-01T00:00:00Z"]]],
                    expect: 200, [["text": "one", "tags": nil, "metadata": [:]], ["text": "two"]]),
                .post("\(passages)/batch", ["passages": []], expect: 200, []),
                .post("\(passages)/batch", ["passages": [["text": "fine"], [:]]], expect: 422)
                    .field("passages.1.text"),
                .post(passages, [:], expect: 422).field("text"),
                .post(passages, ["text": "x", "created_at": "soon"], expect: 422).field("created_at"),
                .post("/v1/archives/archive-\(nobody)/passages", ["text": "x"], expect: 404),
            ])
            try await server.restart()
            try await server.run([
                .post(
                    "/v1/passages/search", ["archive_id": "{archive}"], expect: 200,
                    [["passage": ["text": "two"]], ["passage": ["text": "in archive"]], ["passage": ["text": "one"]]]),
                .post(
                    "/v1/passages/search", ["archive_id": "{archive}", "after": "{passage}"], expect: 200,
                    [["passage": ["text": "one"]]]),
                .delete("/v1/archives/{other}/passages/{passage}", expect: 404).note("it is in another archive"),
                .delete("\(passages)/{passage}", expect: 204),
                .delete("\(passages)/{passage}", expect: 404),
                .post(
                    "/v1/passages/search", ["archive_id": "{archive}", "after": "{passage}"], expect: 200,
                    [["passage": ["text": "one"]]]
                ).note("a list goes on after a passage that is gone"),
                .post("/v1/passages/search", ["query": "archive"], expect: 200, []),
                .delete("/v1/archives/{archive}", expect: 204),
                .post("/v1/passages/search", ["query": "one"], expect: 200, []),
                .post("/v1/passages/search", [:], expect: 200, []),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `agents share an archive`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["ada"] = try await server.newAgent("Ada")
            server["bob"] = try await server.newAgent("Bob", ["tags": ["t"]])
            try await server.run([
                .post("/v1/archives/", ["name": "shared"], expect: 200).keep("shared"),
                .post("/v1/archives/", ["name": "second"], expect: 200).keep("second"),
            ])
            for agent in ["ada", "bob"] {
                let answer = try await server.run(
                    .patch("/v1/agents/{\(agent)}/archives/attach/{shared}", expect: 200))
                #expect(answer.text == "null")
            }
            try await server.run([
                .patch("/v1/agents/{ada}/archives/attach/{shared}", expect: 200).note("again is no harm"),
                .get("/v1/archives/?agent_id={ada}", expect: 200, [["id": "{shared}"]]),
                .get(
                    "/v1/archives/{shared}/agents", expect: 200,
                    [["id": "{bob}", "tags": [], "tools": []], ["id": "{ada}"]]),
                .get("/v1/archives/{shared}/agents?include=agent.tags&limit=1", expect: 200, [["tags": ["t"]]]),
                .get("/v1/archives/{shared}/agents?order=asc&after={ada}", expect: 200, [["id": "{bob}"]]),
                .post("/v1/agents/{ada}/archival-memory", ["text": "known to both"], expect: 200),
                .get("/v1/agents/{bob}/archival-memory/search?query=both", expect: 200, ["count": 1]),
                .patch("/v1/agents/{bob}/archives/detach/{shared}", expect: 200),
                .patch("/v1/agents/{bob}/archives/detach/{shared}", expect: 200).note("again is no harm"),
                .get("/v1/agents/{bob}/archival-memory", expect: 200, []),
                .get("/v1/agents/{ada}/archival-memory", expect: 200, .elements(1)),
                .patch("/v1/agents/{ada}/archives/attach/archive-\(nobody)", expect: 404),
                .patch("/v1/agents/{ada}/archives/detach/archive-\(nobody)", expect: 404),
                .patch("/v1/agents/agent-\(nobody)/archives/attach/{second}", expect: 404),
            ])
            try await server.restart()
            try await server.run([
                .get("/v1/archives/{shared}/agents", expect: 200, [["id": "{ada}"]]),
                .delete("/v1/archives/{shared}", expect: 204),
                .get("/v1/agents/{ada}/archival-memory", expect: 200, []),
                .post("/v1/agents/{ada}/archival-memory", ["text": "anew"], expect: 200),
                .get("/v1/archives/?agent_id={ada}", expect: 200, [["name": "Ada's Archive"]]),
            ])
        }
    }

    @Test(arguments: Engines.all)
    func `an agent searches all of its archives and adds to the first`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server["ada"] = try await server.newAgent("Ada")
            let memory = "/v1/agents/{ada}/archival-memory"
            let own = try await server.send(.post, memory, ["text": "own words", "tags": ["a"]]).expect(200)
            server["own"] = try #require(own.json[0]?["archive_id"]?.string)
            for name in ["second", "third"] {
                try await server.run([
                    .post("/v1/archives/", ["name": .string(name)], expect: 200).keep(name),
                    .post(
                        "/v1/archives/{\(name)}/passages", ["text": .string("\(name) words"), "tags": ["b"]],
                        expect: 200
                    )
                    .keep("passage of \(name)"),
                    .patch("/v1/agents/{ada}/archives/attach/{\(name)}", expect: 200, .null),
                ])
            }
            try await server.run([
                .post("/v1/archives/", ["name": "another's"], expect: 200).keep("other"),
                .post("/v1/archives/{other}/passages", ["text": "other words"], expect: 200).keep("hidden"),
            ])
            try await server.restart()
            let all: JSONValue = [["text": "own words"], ["text": "second words"], ["text": "third words"]]
            try await server.run([
                .get(memory, expect: 200, all),
                .get("\(memory)?limit=2", expect: 200, .elements(2)),
                .get("\(memory)?search=second", expect: 200, .elements(1)),
                .get("\(memory)/search?query=words", expect: 200, ["count": 3]),
                .get("\(memory)/search?query=words&tags=b", expect: 200, ["count": 2]),
                .get("\(memory)/search?query=", expect: 200, ["count": 3]),
                .post("/v1/passages/search", ["agent_id": "{ada}", "query": "words"], expect: 200, .elements(3)),
                .post(
                    "/v1/passages/search", ["agent_id": "{ada}", "archive_id": "{second}"], expect: 200,
                    [["passage": ["text": "second words"]]]),
                .post("/v1/passages/search", ["agent_id": "{ada}", "archive_id": "{other}"], expect: 200, []),
                .get(
                    "/v1/archives/?agent_id={ada}&order=asc", expect: 200, [["id": "{own}"], ["id": "{second}"], [:]]),
                .get("/v1/agents/{ada}/context", expect: 200, ["num_archival_memory": 3]),
                .post(memory, ["text": "new"], expect: 200, [["archive_id": "{own}"]]),
                .delete("\(memory)/{hidden}", expect: 404).note("it is in no archive of the agent"),
                .patch("\(memory)/{hidden}", ["text": "x"], expect: 404),
                .patch("\(memory)/{passage of second}", ["text": "changed"], expect: 200, [["archive_id": "{second}"]]),
                .delete("\(memory)/{passage of third}", expect: 200),
                .patch("/v1/agents/{ada}/archives/detach/{own}", expect: 200),
                .get(memory, expect: 200, [["text": "changed"]]),
                .post(memory, ["text": "newer"], expect: 200, [["archive_id": "{second}"]])
                    .note("without its own archive, the first attached is the default"),
                .delete("/v1/agents/{ada}", expect: 200),
                .get("/v1/archives/{second}", expect: 200).note("it was not created for the agent"),
            ])
        }
    }
}
