import JSON
import LettaAPI
import TestSupport
import Testing

/// What holds for every served route: it reads the same after a restart, and ids are validated.
@Suite(.timeLimit(.minutes(5))) struct EveryRouteTests {
    @Test func `these tests walk every listed route that is served`() async throws {
        try await withServer(on: .sqlite) { server in
            var served = RouteTableTests.ownRoutes
            for route in ListedRoute.all {
                let answer = try await server.send(route.verb, route.filledPath)
                if !answer.isUnserved { served.insert(route.shape) }
            }
            let described = try await server.describedShapes()
            #expect(described == served)
        }
    }

    @Test(arguments: Engines.all)
    func `what can be read reads the same after a restart`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            // A file says when it was made, and a server of tools how the last connection to it went.
            let changing = [
                "/metrics", "/v1/agents/{agent_id}/export", "/v1/mcp-servers/", "/v1/mcp-servers/{mcp_server_id}",
                "/v1/tools/mcp/servers", "/v1/server/log", "/v1/server/overview", "/v1/server/checks",
            ]
            let paths = try await server.operations().filter { $0.verb == .get && !changing.contains($0.path) }
                .map(\.path)
            var before: [String: String] = [:]
            for path in paths {
                let answer = try await server.get(path, as: .legacy)
                #expect(answer.status == TestServer.status(ofReading: path), "\(path): \(answer.text)")
                before[path] = answer.text
            }
            try await server.restart()
            for path in paths {
                #expect(try await server.get(path, as: .legacy).text == before[path], "\(path)")
            }
            try await server.run([
                .get(
                    "/v1/agents/{agent_id}", as: .legacy, expect: 200,
                    [
                        "name": "Ada", "description": "d", "tags": ["one", "two"], "last_stop_reason": "end_turn",
                        "blocks": [["label": "persona", "value": "I am Ann."], ["label": "human", "value": "Anna"]],
                        "tools": .elements(6), "secrets": [["key": "KEY"]], "embedding": .anything,
                    ]),
                .get("/v1/blocks/{block_id}", expect: 200, ["metadata": ["b": 1, "a": [1.5, nil]], "tags": ["t"]]),
            ])
        }
    }

    /// The first prefix that ids of the pattern may have: `job` for `^(job|run)-[0-9a-f]{8}…`.
    private static func prefix(of pattern: String) -> String {
        let prefixes = pattern.dropFirst().split(separator: "-[")[0].split(separator: "(").last ?? ""
        return String(prefixes.prefix { $0 != "|" && $0 != ")" })
    }

    @Test(arguments: Engines.scenarios)
    func `ids that name nothing are 404, ids that are none 422`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            let before = try await server.everything()
            let operations = try await server.operations().filter { !$0.captures.isEmpty }
            for operation in operations {
                for (name, pattern) in operation.captures {
                    let prefix = pattern.map(Self.prefix) ?? name.replacing("_id", with: "")
                    // Any other text may be a name that is there one day: rules can be made for it before.
                    guard pattern != nil || name == "block_label" else { continue }
                    let missing = operation.path.replacing("{\(name)}", with: "\(prefix)-\(nobody)")
                    let answer = try await server.send(operation.verb, missing, TestServer.body(for: operation))
                    #expect(answer.status == 404, "\(operation) \(missing): \(answer.text)")
                    guard pattern != nil else { continue }
                    for malformed in ["x", "\(prefix)-123", "\(prefix)-00000000-0000-1000-8000-000000000000", "a%00b"] {
                        let path = operation.path.replacing("{\(name)}", with: malformed)
                        let answer = try await server.send(operation.verb, path, TestServer.body(for: operation))
                        #expect(answer.names(name), "\(operation) \(malformed): \(answer.status) \(answer.text)")
                        #expect(answer.json["examples"]?[0]?.string?.hasPrefix("\(prefix)-") == true)
                    }
                }
            }
            #expect(try await server.everything() == before)
        }
    }

    /// What ids of a pattern begin with: `sandbox-env` of `^sandbox-env-[0-9a-f]{8}…`.
}

extension Answer {
    /// Whether nothing serves the route; a handler may respond with 501, too.
    var isUnserved: Bool { status == 501 && json["detail"]?.string?.contains("is not served yet") == true }
}

extension TestServer {
    /// The shapes of the operations in the OpenAPI document.
    func describedShapes() async throws -> Set<String> {
        let paths = try #require(try await get("/openapi.json").json["paths"]?.object)
        var shapes: Set<String> = []
        for (path, item) in paths {
            for verb in try #require(item.object).keys {
                let verb = try #require(HTTPVerb(rawValue: verb.uppercased()))
                shapes.insert(ListedRoute(verb: verb, path: path).shape)
            }
        }
        return shapes
    }
}
