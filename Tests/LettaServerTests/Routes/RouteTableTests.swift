import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// Every route that clients know is either served or says that it is not, and nothing is both.
@Suite(.timeLimit(.minutes(5))) struct RouteTableTests {
    private static let ownRoutes: Set<String> = [
        "GET /metrics", "GET /openapi.json", "GET /v1/blocks/{}/history",
    ]

    /// Messages are never edited, which is what this route says.
    private static let neverAllowed = "PATCH /v1/agents/{}/messages/{}"

    private func unserved() -> [ListedRoute] {
        UnservedRoutes.table.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return HTTPVerb(rawValue: String(words[0])).map { ListedRoute(verb: $0, path: String(words[1])) }
        }
    }

    @Test func `the table of unserved routes is in order, once each`() {
        let routes = unserved()
        #expect(routes.count == UnservedRoutes.table.split(separator: "\n").count)
        let keys = routes.map { "\($0.path) \($0.verb.rawValue)" }
        #expect(keys == keys.sorted())
        #expect(Set(routes.map(\.shape)).count == routes.count)
    }

    @Test func `a listed route is in the table exactly when it answers 501`() async throws {
        let table = Set(unserved().map(\.shape))
        let listed = try ListedRoute.all()
        #expect(listed.count > 280)
        #expect(table.subtracting(listed.map(\.shape)).sorted() == [])
        try await withServer(on: .sqlite) { server in
            for route in listed {
                let answer = try await server.send(route.verb, route.filledPath)
                if table.contains(route.shape) {
                    #expect(answer.status == 501, "\(route)")
                    let expected: JSONValue = ["detail": .text(containing: "is not served yet")]
                    #expect(answer.json.differences(from: expected) == [])
                } else {
                    guard route.shape != Self.neverAllowed else {
                        #expect(answer.status == 405 && answer.json["detail"] != "Method Not Allowed")
                        continue
                    }
                    let isThere = answer.json["detail"] != "Not Found" && ![405, 500, 501].contains(answer.status)
                    #expect(isThere, "\(route): \(answer.status) \(answer.text)")
                }
            }
        }
    }

    @Test func `the OpenAPI document has every served route with its summary, and no other`() async throws {
        try await withServer(on: .sqlite) { server in
            let document = try await server.get("/openapi.json").json
            let listed = Set(try ListedRoute.all().map(\.shape))
            let table = Set(unserved().map(\.shape))
            var described: Set<String> = []
            for (path, item) in try #require(document["paths"]?.object) {
                for (verb, operation) in try #require(item.object) {
                    let verb = try #require(HTTPVerb(rawValue: verb.uppercased()))
                    described.insert(ListedRoute(verb: verb, path: path).shape)
                    #expect(operation["summary"]?.string?.hasSuffix(".") == true, "\(verb) \(path)")
                }
            }
            #expect(described.subtracting(listed).subtracting(Self.ownRoutes).sorted() == [])
            #expect(described.intersection(table).sorted() == [])
            for record in Self.endpoints { #expect(described.contains(record.shape), "\(record)") }
        }
    }

    @Test(arguments: ["/v1", "/latest", ""])
    func `every prefix leads to the same place`(_ prefix: String) async throws {
        try await scenarios(
            on: .sqlite,
            [
                .post("\(prefix)/blocks/", ["label": "x"], expect: 200).keep("block"),
                .get("\(prefix)/blocks/{block}", expect: 200, ["label": "x"]),
                .get("\(prefix)/blocks/{block}/", expect: 200, ["label": "x"]),
                .get("\(prefix)/blocks", expect: 200, .elements(1)),
                .put("\(prefix)/blocks/", expect: 405),
                .get("\(prefix)/blocks/{block}/nothing", expect: 404, ["detail": "Not Found"]),
                .get("/v1/latest/blocks/", expect: 404),
            ])
    }

    private static func route<Path, Query, Body, Output>(
        _ endpoint: Endpoint<Path, Query, Body, Output>
    ) -> ListedRoute {
        ListedRoute(verb: endpoint.verb, path: endpoint.path)
    }

    /// One endpoint of every group of the API: that a whole group was left out shows here.
    private static let endpoints = [
        route(API.Agents.search), route(API.CoreMemory.variables), route(API.AgentTools.detach),
        route(API.InternalAgents.count), route(API.Tags.list), route(API.Blocks.history),
        route(API.InternalBlocks.agents), route(API.Models.listEmbeddings), route(API.Health.ready),
        route(API.ArchivalMemory.search), route(API.Archives.deletePassage), route(API.Passages.search),
    ]
}
