import Hummingbird
import LettaAPI

typealias RouteHandler = @Sendable (Request, ServerContext, RouteMatch) async throws -> Response

/// Where a path has the captures of its endpoint.
struct RouteMatch: Sendable {
    enum Source: Sendable {
        /// A position among the captures of the requested path.
        case path(Int)
        /// A query parameter, or a member of the body.
        case parameter(String)
    }

    /// One source for each capture, in the endpoint's order.
    var sources: [Source]
}

/// Two routes match the same requests.
package struct RouteConflict: Error, CustomStringConvertible {
    package var description: String
}

/// Finds the route for a verb and a path.
///
/// A literal segment takes precedence over a capture. Where it has no route for the verb, the search backtracks to the
/// capture: `DELETE /agents/count` deletes the agent called count. Hummingbird's trie ignores the verb, cannot tell 405
/// from 404, and wants one name per capture position.
struct RouteTable: Sendable {
    struct Route: Sendable {
        var path: String
        /// The operation that it is, or is another spelling of: `GET /v1/agents/{agent_id}`.
        var operation: String
        var match: RouteMatch
        var handler: RouteHandler
    }

    enum Lookup {
        case route(Route, captures: [String])
        case methodNotAllowed(allowed: Set<HTTPVerb>)
        case notFound
    }

    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var capture: Int?
        var routes: [HTTPVerb: Route] = [:]
    }

    /// The first two are the roots: of paths served as declared, and of paths below `/v1`.
    private var nodes = [Node(), Node()]
    private static let plainRoot = 0
    private static let apiRoot = 1

    init(_ entries: [Routes.Entry]) throws(RouteConflict) {
        for entry in entries { try insert(entry) }
    }

    private mutating func insert(_ entry: Routes.Entry) throws(RouteConflict) {
        let path = entry.record.path
        let template = RouteTemplate(path)
        var segments = template.segments[...]
        var node = Self.plainRoot
        if segments.first == .literal("v1") {
            segments = segments.dropFirst()
            node = Self.apiRoot
        }
        for segment in segments { node = child(of: node, segment) }
        let verb = entry.record.verb
        if let other = nodes[node].routes[verb] {
            throw RouteConflict(description: "\(verb.rawValue) \(path) conflicts with the route \(other.path)")
        }
        nodes[node].routes[verb] = Route(
            path: path, operation: entry.record.original ?? "\(verb.rawValue) \(path)",
            match: Self.match(template, names: entry.record.captures.map(\.name)), handler: entry.handler)
    }

    private mutating func child(of node: Int, _ segment: RouteTemplate.Segment) -> Int {
        let known: Int? =
            switch segment {
            case .literal(let text): nodes[node].literals[text]
            case .capture: nodes[node].capture
            }
        if let known { return known }
        nodes.append(Node())
        let new = nodes.count - 1
        switch segment {
        case .literal(let text): nodes[node].literals[text] = new
        case .capture: nodes[node].capture = new
        }
        return new
    }

    /// Captures named in the alias's query are read from there, the next ones from the path in order, and the rest from
    /// parameters of the captures' own names.
    private static func match(_ template: RouteTemplate, names: [String]) -> RouteMatch {
        var taken = 0
        let available = template.captureNames.count
        return RouteMatch(
            sources: names.map { name in
                if let pair = template.queryCaptures.first(where: { $0.capture == name }) {
                    return .parameter(pair.parameter)
                }
                guard taken < available else { return .parameter(name) }
                taken += 1
                return .path(taken - 1)
            })
    }
}

extension RouteTable {
    /// - Parameter path: percent-encoded, without the query.
    func find(_ verb: HTTPVerb?, _ path: String) -> Lookup {
        let parts = Self.split(path)
        var search = Search(verb: verb)
        if let first = parts.first, first == "v1" || first == "latest" {
            walk(parts.dropFirst(), Self.apiRoot, &search)
            if search.route == nil { walk(parts[...], Self.plainRoot, &search) }
        } else {
            walk(parts[...], Self.plainRoot, &search)
            if search.route == nil { walk(parts[...], Self.apiRoot, &search) }
        }
        if let route = search.route { return .route(route, captures: search.captures) }
        return search.verbs.isEmpty ? .notFound : .methodNotAllowed(allowed: search.verbs)
    }

    private struct Search {
        let verb: HTTPVerb?
        var captures: [String] = []
        var verbs: Set<HTTPVerb> = []
        var route: Route?
    }

    private func walk(_ parts: ArraySlice<String>, _ node: Int, _ search: inout Search) {
        guard let part = parts.first else {
            if let verb = search.verb, let route = nodes[node].routes[verb] {
                search.route = route
            } else {
                search.verbs.formUnion(nodes[node].routes.keys)
            }
            return
        }
        if let next = nodes[node].literals[part] {
            walk(parts.dropFirst(), next, &search)
            if search.route != nil { return }
        }
        if let next = nodes[node].capture, !part.isEmpty {
            search.captures.append(part)
            walk(parts.dropFirst(), next, &search)
            if search.route == nil { search.captures.removeLast() }
        }
    }

    /// The decoded segments. Leading and trailing slashes are ignored; an empty segment in between counts.
    private static func split(_ path: String) -> [String] {
        let bytes = path.utf8
        let slash = UInt8(ascii: "/")
        guard let first = bytes.firstIndex(where: { $0 != slash }),
            let last = bytes.lastIndex(where: { $0 != slash })
        else { return [] }
        return bytes[first...last].split(separator: slash, omittingEmptySubsequences: false).map {
            PercentCoding.decode($0, plusIsSpace: false)
        }
    }
}
