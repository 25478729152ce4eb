import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// A path of the documentation responds as the path that the servers use.
@Suite(.timeLimit(.minutes(5))) struct DocumentedAliasTests {
    private static func filled(_ path: String) -> (path: String, query: String) {
        let sides = path.split(separator: "?", maxSplits: 1).map(String.init)
        return (sides[0], sides.count > 1 ? sides[1] : "")
    }

    /// An id of nothing with the prefix of this one; another text for a name.
    private static func missing(_ id: String) -> String {
        guard id.utf8.count > 36, let dash = id.firstIndex(of: "-") else { return "\(id)-missing" }
        return "\(id[..<dash])-\(nobody)"
    }

    @Test func `every spelling of a served operation is served`() async throws {
        try await withServer(on: .sqlite) { server in
            let paths = try #require(try await server.get("/openapi.json").json["paths"]?.object)
            let ids = paths.flatMap { ($1.object ?? [:]).compactMap { $1["operationId"]?.string } }
            #expect(Set(ids).count == ids.count, "an operation has its id alone")
            let shapes = try await server.describedShapes()
            var served = 0
            for alias in DocumentedAliases.all {
                let original = ListedRoute(verb: alias.original.verb, path: alias.original.path)
                let spelled = ListedRoute(verb: alias.verb, path: Self.filled(alias.path).path)
                guard shapes.contains(original.shape) else { continue }
                // Of one folder, where the servers know all folders.
                guard alias.path != "/v1/folders/{id}/metadata" else { continue }
                served += 1
                #expect(shapes.contains(spelled.shape), "\(spelled)")
            }
            #expect(served >= 8)
        }
    }

    @Test func `a spelling responds as the original does`() async throws {
        try await withServer(on: .sqlite) { server in
            try await server.seedEverything()
            let document = try await server.get("/openapi.json").json
            var compared = 0
            for (path, item) in try #require(document["paths"]?.object) {
                for (verb, operation) in item.object ?? [:] {
                    guard let original = operation["x-alias-of"]?.string else { continue }
                    let verb = try #require(HTTPVerb(rawValue: verb.uppercased()))
                    let words = original.split(separator: " ").map(String.init)
                    let parameters = operation["parameters"]?.array ?? []
                    let needed = parameters.filter { $0["in"] == "query" && $0["required"] == true }
                        .compactMap { $0["name"]?.string }
                    // A capture in the path of the original may be a parameter here.
                    let captures = words[1].split(separator: "/").filter { $0.hasPrefix("{") }.map {
                        $0.dropFirst().dropLast()
                    }
                    let query = needed.map { name in
                        captures.contains(Substring(name)) ? "\(name)={\(name)}" : "\(name)={\(captures.last ?? "")}"
                    }
                    let spelled = query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
                    let body: JSONValue? =
                        verb == .get ? nil : ["source_code": "def f():\n    \"\"\"F.\"\"\"\n    return 1"]
                    // What one spelling deletes is gone for the others: they are asked for what never was.
                    let kept = server.kept
                    if verb == .delete {
                        for (name, id) in kept { server[name] = Self.missing(id) }
                    }
                    defer { for (name, id) in kept { server[name] = id } }
                    for prefix in ["/v1", "/latest", ""] {
                        let there = try await server.send(
                            verb, spelled.replacing("/v1/", with: "\(prefix)/", maxReplacements: 1), body, as: .legacy)
                        let here = try await server.send(
                            try #require(HTTPVerb(rawValue: words[0])), words[1], body, as: .legacy)
                        #expect(there.status == here.status, "\(verb) \(spelled): \(there.text) \(here.text)")
                        #expect(verb != .delete || there.text == here.text, "\(verb) \(spelled)")
                        // A file says when it was made.
                        let isSame = !path.hasSuffix("/export")
                        if verb == .get, here.status == 200, isSame { #expect(there.text == here.text, "\(spelled)") }
                    }
                    compared += 1
                }
            }
            #expect(compared >= 10)
        }
    }

    @Test func `a background run is followed with GET, too, as browsers do`() async throws {
        try await withServer(on: .sqlite) { server in
            try await server.seedEverything()
            let posted = try await server.send(.post, "/v1/runs/{run_id}/stream", as: .v1)
            let got = try await server.get("/v1/runs/{run_id}/stream")
            #expect(got.status == posted.status && got.text == posted.text)
        }
    }
}
