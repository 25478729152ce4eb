import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Lists that are longer than a piece give every row once and in order, whatever their limit.
@Suite(.timeLimit(.minutes(5))) struct LongListTests {
    @Test(arguments: Engines.scenarios)
    func `one long list is what its pages are together`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let seed = try await server.newBlock("seed")
            let value = String(repeating: "x", count: 4000)
            try await server.storage.write { db in
                try db.execute(
                    """
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 700)
                    INSERT INTO block (
                        organization_id, id, label, value, char_limit, read_only, is_template, version, created_at,
                        updated_at)
                    SELECT organization_id, 'block-00000000-0000-4000-8000-0000' || CAST(n + 10000000 AS TEXT), 'many', \(value),
                        10, FALSE, FALSE, 1, created_at + n / 7, updated_at
                    FROM block, numbers WHERE id = \(seed)
                    """)
            }
            for order in ["asc", "desc"] {
                var paged: [String] = []
                var next: String? = "/v1/blocks/?limit=90&order=\(order)"
                while let path = next {
                    let answer = try await server.get(path)
                    paged += answer.ids
                    next = answer[header: "Link"].flatMap {
                        $0.split(separator: ">").first.map { String($0.dropFirst()) }
                    }
                }
                #expect(paged.count == 701)
                for limit in [0, 100_000, 701] {
                    let all = try await server.get("/v1/blocks/?limit=\(limit)&order=\(order)")
                    #expect(all.ids == paged)
                    #expect((all[header: "Link"] == nil) == (limit != 701), "a full page may have more behind it")
                }
                let part = try await server.get("/v1/blocks/?limit=450&order=\(order)")
                #expect(part.ids == Array(paged.prefix(450)))
                #expect(part[header: "Link"]?.contains("after=\(paged[449])") == true)
                let inner = try await server.get(
                    "/v1/blocks/?limit=500&order=\(order)&after=\(paged[99])&before=\(paged[680])")
                #expect(inner.ids == Array(paged[100..<600]))
                let upTo = try await server.get("/v1/blocks/?limit=300&order=\(order)&before=\(paged[650])")
                #expect(upTo.ids == Array(paged[350..<650]))
            }
            await server.expectError("/v1/blocks/?limit=-1")
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a search for agents gives up to 500, and a cursor to the rest`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.run([.post("/v1/agents/", ["model": model, "name": "a"], expect: 200).keep("agent_id")])
            let seed = server["agent_id"]
            let names = AgentStore.table.layout.written.filter { $0 != "id" }.map { SQLText(identifier: $0) }
            let columns = SQLText.joined(names, separator: ", ")
            try await server.storage.write { db in
                try db.execute(
                    """
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 700)
                    INSERT INTO agent (organization_id, id, \(columns))
                    SELECT organization_id, 'agent-00000000-0000-4000-8000-0000' || CAST(n + 10000000 AS TEXT), \(columns)
                    FROM agent, numbers WHERE id = \(seed)
                    """)
            }
            for limit in [0, 100_000] as [JSONValue] {
                let first = try await server.send(.post, "/v1/agents/search", ["limit": limit])
                #expect(first.json["agents"]?.array?.count == 500)
                let cursor = try #require(first.json["nextCursor"])
                let second = try await server.send(.post, "/v1/agents/search", ["limit": limit, "after": cursor])
                #expect(second.json["agents"]?.array?.count == 201)
                #expect(second.json["nextCursor"] == .null)
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `an agent's messages, from the newest or the oldest`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            let text = String(repeating: "x", count: 4000)
            try await server.storage.write { db in
                try db.execute(
                    """
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 700)
                    INSERT INTO message (
                        organization_id, id, agent_id, position, role, content, said, is_error, created_at, updated_at)
                    SELECT organization_id, 'message-00000000-0000-4000-8000-0000' || CAST(n + 10000000 AS TEXT), agent_id,
                        1000 + n, role, content, \(text), FALSE, created_at + n / 7, updated_at
                    FROM message, numbers WHERE id = (SELECT MIN(id) FROM message WHERE role = 'user')
                    """)
            }
            for path in ["/v1/agents/{agent_id}/messages", "/v1/messages/"] {
                var paged: [String] = []
                var next: String? = "\(path)?limit=90&order=asc"
                while let path = next {
                    let answer = try await server.get(path)
                    paged += answer.ids
                    next = answer[header: "Link"].flatMap {
                        $0.split(separator: ">").first.map { String($0.dropFirst()) }
                    }
                }
                #expect(paged.count > 700)
                let ascending = try await server.get("\(path)?limit=100000&order=asc")
                let newest = try await server.get("\(path)?limit=100000")
                #expect(ascending.ids == paged && newest.ids == paged, "both are chronological")
                #expect(newest[header: "Link"] == nil)
                let last = try await server.get("\(path)?limit=450")
                #expect(last.ids == Array(paged.suffix(450)))
                #expect(last[header: "Link"]?.contains("before=\(paged[paged.count - 450])") == true)
                #expect(try await server.get("\(path)?limit=0").ids == [], "as with the peer")
            }
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a conversation's messages and a block's versions, in pieces`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            let text = String(repeating: "x", count: 4000)
            let (conversation, block) = (server["conversation_id"], server["block_id"])
            try await server.storage.write { db in
                try db.execute(
                    """
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 700)
                    INSERT INTO message (
                        organization_id, id, agent_id, position, role, content, said, is_error, created_at, updated_at)
                    SELECT organization_id, 'message-00000000-0000-4000-8000-0000' || CAST(n + 10000000 AS TEXT), agent_id,
                        1000 + n, role, '[{"type":"text","text":"' || \(text) || '"}]', said, FALSE, created_at, updated_at
                    FROM message, numbers WHERE id = (SELECT MIN(id) FROM message WHERE role = 'user')
                    """)
                try db.execute(
                    """
                    INSERT INTO conversation_message (organization_id, conversation_id, position, message_id)
                    SELECT organization_id, \(conversation), position, id FROM message WHERE position > 1000
                    """)
                try db.execute(
                    """
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 700)
                    INSERT INTO block_version (
                        organization_id, block_id, version, label, value, char_limit, actor_type, actor_id, created_at)
                    SELECT organization_id, block_id, 1000 + n, label, \(text), char_limit, actor_type, actor_id, created_at
                    FROM block_version, numbers WHERE block_id = \(block) AND version = 1
                    """)
            }
            func all(_ answer: Answer) -> [String] {
                (answer.json.array ?? []).compactMap { $0["id"]?.string ?? $0["version"].map { "\($0)" } }
            }
            for (list, order) in [
                ("/v1/conversations/{conversation_id}/messages", ""),
                ("/v1/conversations/{conversation_id}/messages", "&order=asc"), ("/v1/blocks/{block_id}/history", ""),
            ] {
                var paged: [String] = []
                var next: String? = "\(list)?limit=90\(order)"
                while let path = next {
                    let answer = try await server.get(path).expect(200)
                    paged += all(answer)
                    next = answer[header: "Link"].flatMap {
                        $0.split(separator: ">").first.map { String($0.dropFirst()) }
                    }
                }
                #expect(paged.count > 700)
                let whole = try await server.get("\(list)?limit=100000\(order)")
                #expect(all(whole) == paged && whole[header: "Link"] == nil)
                #expect(whole[header: "Content-Length"] == nil, "it is sent in pieces")
                let part = try await server.get("\(list)?limit=450\(order)")
                #expect(all(part) == Array(paged.prefix(450)) && part[header: "Link"] != nil)
                let isOfVersions = list.hasSuffix("history")
                #expect(all(try await server.get("\(list)?limit=0\(order)")) == (isOfVersions ? paged : []))
            }
        }
    }
}

extension TestServer {
    fileprivate func expectError(_ path: String) async {
        do {
            let answer = try await get(path)
            #expect(answer.names("limit"), "\(answer.text)")
        } catch {
            Issue.record(error)
        }
    }
}
