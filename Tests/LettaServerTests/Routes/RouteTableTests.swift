import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// Every listed route is either served or responds with 501.
@Suite(.timeLimit(.minutes(5))) struct RouteTableTests {
    /// Served beside the listed routes.
    static let ownRoutes: Set<String> = [
        "GET /metrics", "GET /v1/approvals/", "GET /v1/blocks/{}/history", "GET /v1/sandbox-config/policy",
        "POST /mcp",
        "GET /v1/responses/{}", "POST /v1/responses", "POST /v1/responses/{}/cancel",
        "POST /v1/voice/{}/chat/completions",
        "GET /v1/models/doctor",
        "GET /v1/archives/{}/embedding", "POST /v1/archives/{}/embedding", "GET /v1/folders/{}/embedding",
        "POST /v1/folders/{}/embedding",
        "GET /v1/steps/{}/context", "POST /v1/blocks/{}/restore",
        "POST /v1/runs/{}/continue", "POST /v1/steps/{}/fork", "DELETE /v1/agents/{}/context/messages/{}",
        "PUT /v1/agents/{}/context/messages/{}",
        "POST /v1/search/explain", "GET /v1/server/backup-schedule", "PATCH /v1/server/backup-schedule",
        "GET /v1/server/settings", "PATCH /v1/server/settings",
        "GET /v1/server/events",
        "GET /v1/server/agents", "GET /v1/server/checks", "POST /v1/server/checks", "GET /v1/server/overview",
        "GET /v1/server/search", "GET /v1/server/schedules", "GET /v1/server/log", "GET /v1/server/backups",
        "POST /v1/server/backups",
        "POST /v1/server/backups/{}/check", "DELETE /v1/server/backups/{}",
        "GET /v1/server/session", "POST /v1/server/session", "DELETE /v1/server/session",
        "GET /v1/api-keys/", "POST /v1/api-keys/", "GET /v1/api-keys/{}", "DELETE /v1/api-keys/{}",
        "PATCH /v1/api-keys/{}",
        "GET /v1/usage/summary", "GET /v1/quotas/", "PUT /v1/quotas/", "GET /v1/quotas/{}", "DELETE /v1/quotas/{}",
    ]

    /// Messages cannot be edited: these routes always respond with 405.
    private static let neverAllowed: Set<String> = [
        "PATCH /v1/agents/{}/messages/{}", "PATCH /v1/groups/{}/messages/{}",
    ]

    @Test func `each line of the lists is an operation`() {
        #expect(UnservedRoutes.listed.count == PackageResources.routes_tsv.count { $0 == UInt8(ascii: "\n") } - 1)
        #expect(
            UnservedRoutes.documented.count
                == PackageResources.documented_aliases_tsv.count { $0 == UInt8(ascii: "\n") } - 1)
        #expect(Set(ListedRoute.listed.map(\.shape)).count == UnservedRoutes.listed.count)
    }

    @Test func `a listed route is served or responds with 501`() async throws {
        try await withServer(on: .sqlite) { server in
            let described = try await server.describedShapes()
            for route in ListedRoute.all {
                let answer = try await server.send(route.verb, route.filledPath)
                if answer.isUnserved {
                    #expect(answer.json["detail"]?.string?.hasPrefix("\(route) ") == true)
                    #expect(!described.contains(route.shape), "\(route)")
                } else if Self.neverAllowed.contains(route.shape) {
                    #expect(answer.status == 405 && answer.json["detail"] != "Method Not Allowed")
                } else {
                    let isThere = answer.json["detail"] != "Not Found" && ![405, 500].contains(answer.status)
                    #expect(isThere, "\(route): \(answer.status) \(answer.text)")
                }
            }
        }
    }

    @Test func `the OpenAPI document has every endpoint with its summary`() async throws {
        try await withServer(on: .sqlite) { server in
            let document = try await server.get("/openapi.json").json
            for (path, item) in try #require(document["paths"]?.object) {
                for (verb, operation) in try #require(item.object) {
                    #expect(operation["summary"]?.string?.hasSuffix(".") == true, "\(verb) \(path)")
                }
            }
            let described = try await server.describedShapes()
            let listed = Set(ListedRoute.all.map(\.shape))
            #expect(described.subtracting(listed) == Self.ownRoutes)
            for endpoint in Self.endpoints { #expect(described.contains(endpoint.shape), "\(endpoint)") }
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

    /// One endpoint of every group: a group missing from the catalogue would otherwise just respond with 501.
    private static let endpoints = [
        route(API.Agents.search), route(API.CoreMemory.variables), route(API.AgentTools.detach),
        route(API.InternalAgents.count), route(API.Tags.list), route(API.Blocks.history),
        route(API.InternalBlocks.agents), route(API.Models.listEmbeddings), route(API.Health.ready),
        route(API.Groups.count), route(API.Conversations.fork),
        route(API.ArchivalMemory.search), route(API.Archives.deletePassage), route(API.Passages.search),
    ]
}
