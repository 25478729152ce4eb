import Hummingbird
import LettaAPI

/// Answers a request whose path and verb fit a route.
typealias RouteHandler = @Sendable (Request, ServerContext, RouteMatch) async throws -> Response

/// A spelling of a route's path that a request may use, and where that spelling keeps the captures.
struct RouteMatch: Sendable {
    /// What every capture of the endpoint is read from, in the endpoint's order.
    enum Source: Sendable {
        /// The place among the captures of the path as requested.
        case path(Int)
        /// A query parameter, or a member of the body of that name.
        case parameter(String)
    }

    var sources: [Source]
}

/// Says that two routes would answer the same request.
package struct RouteConflict: Error, CustomStringConvertible {
    package var description: String
}

/// Finds the route for a verb and a path.
///
/// A written segment is preferred over a capture, and when the preferred way leads nowhere (or not for this
/// verb) the other one is tried: `DELETE /agents/count` is "delete the agent called count". The tree of the
/// HTTP library does not look at the verb, can't tell 405 from 404 and wants one name per capture position.
struct RouteTable: Sendable {
    struct Route: Sendable {
        var path: String
        var match: RouteMatch
        var handler: RouteHandler
    }

    enum Found {
        case route(Route, captures: [String])
        /// The path is known; these verbs are served there.
        case otherVerbs(Set<HTTPVerb>)
        case nothing
    }

    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var capture: Int?
        var routes: [HTTPVerb: Route] = [:]
    }

    /// The roots are the first two: paths served as they stand, and paths below `/v1`.
    private var nodes = [Node(), Node()]
    private static let plainRoot = 0
    private static let apiRoot = 1

    init(_ entries: [Routes.Entry]) throws(RouteConflict) {
        for entry in entries {
            let names = RouteTemplate(entry.record.path).captureNames
            for path in [entry.record.path] + entry.record.aliases {
                try insert(entry, path: path, names: names)
            }
        }
    }

    private mutating func insert(_ entry: Routes.Entry, path: String, names: [String]) throws(RouteConflict) {
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
            throw RouteConflict(description: "\(verb.rawValue) \(path) is served by \(other.path) already")
        }
        nodes[node].routes[verb] = Route(
            path: entry.record.path, match: Self.match(template, names: names), handler: entry.handler)
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

    /// Captures that the alias names in its query are read from there, the next ones from the path in order,
    /// and what is left from a parameter of the capture's own name.
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
    /// - Parameter path: as requested, still percent-encoded, without the query.
    func find(_ verb: HTTPVerb?, _ path: String) -> Found {
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
        return search.verbs.isEmpty ? .nothing : .otherVerbs(search.verbs)
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

    /// The decoded segments; slashes at both ends don't count, an empty segment between two slashes does.
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
