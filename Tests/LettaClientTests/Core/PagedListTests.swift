import JSON
import LettaAPI
import Testing

@testable import LettaClient

@Suite(.timeLimit(.minutes(5))) struct PagedListTests {
    /// The parameters of each request.
    private static func queries(_ server: FaultServer) -> [Set<Substring>] {
        server.received.map { Set(($0.target.split(separator: "?").last ?? "").split(separator: "&")) }
    }

    private static func query(limit: Int?, after: String? = nil, before: String? = nil) -> ListTags {
        var query = ListTags()
        (query.limit, query.after, query.before) = (limit, after, before)
        return query
    }

    @Test func itemsComeFromOnePageAfterTheOther() async throws {
        let replies = [#"["a", "b"]"#, #"["c", "d"]"#, #"["e"]"#].map { FaultServer.Reply.json($0) }
        try await FaultServer.serving(replies) { server, client async throws in
            var tags: [String] = []
            for try await tag in client.list(API.Tags.list, query: Self.query(limit: 2)) { tags.append(tag) }
            #expect(tags == ["a", "b", "c", "d", "e"])
            #expect(Self.queries(server) == [["limit=2"], ["after=b", "limit=2"], ["after=d", "limit=2"]])
        }
    }

    @Test func aListThatEndsWithAFullPageEndsAllTheSame() async throws {
        try await FaultServer.serving(.json(#"["a", "b"]"#), .json("[]")) { server, client async throws in
            var pages: [[String]] = []
            for try await page in client.list(API.Tags.list, query: Self.query(limit: 2)).pages { pages.append(page) }
            #expect(pages == [["a", "b"]])
            #expect(server.received.count == 2)
        }
    }

    @Test func withBeforeTheListIsReadBackwards() async throws {
        try await FaultServer.serving(.json(#"["c", "d"]"#), .json(#"["b"]"#)) { server, client async throws in
            var pages: [[String]] = []
            for try await page in client.list(API.Tags.list, query: Self.query(limit: 2, before: "e")).pages {
                pages.append(page)
            }
            #expect(pages == [["c", "d"], ["b"]])
            #expect(Self.queries(server) == [["before=e", "limit=2"], ["before=c", "limit=2"]])
        }
    }

    @Test func aListOfAllIsOnePage() async throws {
        try await FaultServer.serving(.json(#"["a", "b"]"#)) { server, client async throws in
            var tags: [String] = []
            for try await tag in client.list(API.Tags.list, query: Self.query(limit: 0)) { tags.append(tag) }
            #expect(tags == ["a", "b"])
            #expect(server.received.count == 1)
        }
    }

    @Test func aServerThatIgnoresBoundsIsNotAskedForEver() async throws {
        try await FaultServer.serving(.json(#"["a", "b"]"#)) { server, client async throws in
            var count = 0
            for try await _ in client.list(API.Tags.list, query: Self.query(limit: 2)) { count += 1 }
            #expect(count == 4)
            #expect(server.received.count == 2)
        }
    }

    @Test func aPageThatFailsEndsTheWalkWithItsError() async throws {
        try await FaultServer.serving(.json(#"["a", "b"]"#), .refusal(500)) { _, client async throws in
            var tags: [String] = []
            let failure = await failure {
                for try await tag in client.list(API.Tags.list, query: Self.query(limit: 2)) { tags.append(tag) }
            }
            #expect(tags == ["a", "b"])
            #expect(failure?.status == 500)
        }
    }
}
