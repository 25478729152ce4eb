import HTTPKit
import LettaAPI

/// Serves the paths of the peer's documentation, which differ from those of its servers: the table is
/// `documented-aliases.tsv`. Paths without `/v1` are served by the router, for all operations.
///
/// A note that begins with `?` names the parameter of the query that stands for a capture.
struct DocumentedAliases: RouteGroup {
    struct Alias: Sendable {
        var verb: HTTPVerb
        var path: String
        var original: (verb: HTTPVerb, path: String)
    }

    func register(on routes: Routes) {
        for alias in Self.all { routes.alias(alias.verb, alias.path, of: alias.original) }
    }

    static let all: [Alias] = UnservedRoutes.rows(of: PackageResources.documented_aliases_tsv).compactMap { row in
        let (spelled, original) = (row[0].split(separator: " "), row[1].split(separator: " "))
        guard let alias = UnservedRoutes.operation(spelled[0], "/v1\(spelled[1])"),
            let canonical = UnservedRoutes.operation(original[0], original[1])
        else { return nil }
        var path = alias.path
        let captures = canonical.path.split(separator: "/").filter { $0.hasPrefix("{") }
        if row.count > 2, row[2].hasPrefix("?"), row[2].hasSuffix("="), let last = captures.last {
            let own = Substring("{\(row[2].dropFirst().dropLast())}")
            if !captures.contains(own) {
                path += row[2] + last
            } else if path.contains("{") {
                // The capture in the path is the next one.
                path += row[2] + own
            }
        }
        return Alias(verb: alias.verb, path: path, original: canonical)
    }
}
