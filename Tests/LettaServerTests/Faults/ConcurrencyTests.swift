import JSON
import LettaAPI
import TestSupport
import Testing

/// Lists stay whole while everything around them changes.
@Suite(.timeLimit(.minutes(5))) struct ConcurrencyTests {
    private let writers = 50
    private let rounds = 4

    @Test(arguments: Engines.all)
    func `a block that is there all the time is in every listing`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent("a")
            var lasting: [String] = []
            for index in 0..<30 { lasting.append(try await server.newBlock("lasting", "\(index)")) }
            let expected = Set(lasting)
            let done = Counter()
            let listings = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<writers {
                    group.addTask {
                        defer { done.next() }
                        for round in 0..<rounds { try await come(and: round, of: writer, agent, server) }
                    }
                }
                for (query, size) in [("order=asc", 7), ("order=desc", 11), ("order=asc", 1000), ("order=desc", 3)] {
                    group.addTask {
                        while done.value < writers {
                            let seen = try await pages(server, "/v1/blocks/?\(query)&limit=\(size)")
                            #expect(Set(seen).count == seen.count, "twice in one listing")
                            #expect(expected.subtracting(seen) == [], "\(query) \(size)")
                            listings.next()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(listings.value >= 4)
            #expect(try await Set(server.get("/v1/blocks/?limit=0").ids) == expected)
            #expect(try await server.get("/v1/agents/\(agent)/core-memory/blocks").json == [])
            #expect(server.errors == [])
        }
    }

    /// A block is made, attached, changed, detached and deleted.
    private func come(and round: Int, of writer: Int, _ agent: String, _ server: TestServer) async throws {
        let block = try await server.newBlock("passing-\(writer)", "x")
        let memory = "/v1/agents/\(agent)/core-memory/blocks"
        for (verb, path, body) in [
            (HTTPVerb.patch, "\(memory)/attach/\(block)", nil), (.patch, "/v1/blocks/\(block)", ["value": "y"]),
            (.patch, "\(memory)/detach/\(block)", nil), (.delete, "/v1/blocks/\(block)", nil),
        ] as [(HTTPVerb, String, JSONValue?)] {
            let isDetach = path.contains("/detach/")
            if isDetach, round % 2 == 1 { continue }
            let answer = try await server.send(verb, path, body)
            #expect(answer.status == 200, "\(verb) \(path): \(answer.text)")
        }
    }

    /// All ids of a list, page by page; the cursors may name blocks that are gone by then.
    private func pages(_ server: TestServer, _ path: String) async throws -> [String] {
        var ids: [String] = []
        for _ in 0..<1_000 {
            let cursor = ids.last.map { "&after=\($0)" } ?? ""
            let page = try await server.get(path + cursor)
            guard page.status == 200 else {
                Issue.record("\(path): \(page.status) \(page.text)")
                return ids
            }
            if page.ids.isEmpty { return ids }
            ids += page.ids
        }
        Issue.record("\(path) has no last page")
        return ids
    }

    @Test(arguments: Engines.all)
    func `of many changes to one block each is a version, and none is lost`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let block = try await server.newBlock("b", "0")
            let agents = [
                try await server.newAgent("a", ["block_ids": [.string(block)]]),
                try await server.newAgent("b", ["block_ids": [.string(block)]]),
            ]
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 1...40 {
                    group.addTask {
                        let path =
                            index % 2 == 0 ? "/v1/blocks/\(block)" : "/v1/agents/\(agents[0])/core-memory/blocks/b"
                        return try await server.send(.patch, path, ["value": "value-\(index)."]).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.allSatisfy { $0 == 200 || $0 == 409 })
            let done = statuses.count { $0 == 200 }
            let history = try await server.get("/v1/blocks/\(block)/history?limit=0").json.array ?? []
            #expect(history.count == done + 1)
            #expect(history.compactMap { $0["version"]?.int } == (1...Int64(done + 1)).reversed())
            let value = try #require(history.first?["value"]?.string)
            for agent in agents { #expect(try await server.systemMessage(of: agent).contains(value)) }
        }
    }

    @Test(arguments: Engines.all)
    func `of two blocks changed at the same time the prompt lacks neither`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let blocks = [try await server.newBlock("one"), try await server.newBlock("two")]
            let agent = try await server.newAgent("a", ["block_ids": .array(blocks.map { .string($0) })])
            for round in 1...20 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for block in blocks {
                        group.addTask {
                            let answer = try await server.send(
                                .patch, "/v1/blocks/\(block)", ["value": "round-\(round)."])
                            #expect(answer.status == 200, "\(answer.text)")
                        }
                    }
                    try await group.waitForAll()
                }
                let text = try await server.systemMessage(of: agent)
                #expect(text.split(separator: "round-\(round).").count == 3, "\(text)")
            }
        }
    }

    @Test(arguments: Engines.all)
    func `one label goes to one block, however many want it`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let agent = try await server.newAgent("a")
            var blocks: [String] = []
            for _ in 0..<12 { blocks.append(try await server.newBlock("same")) }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for block in blocks {
                    group.addTask {
                        try await server.send(.patch, "/v1/agents/\(agent)/core-memory/blocks/attach/\(block)").status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 409, count: 11))
            #expect(try await server.get("/v1/agents/\(agent)/core-memory/blocks").ids.count == 1)
        }
    }
}
