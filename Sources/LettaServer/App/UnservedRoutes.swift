import HTTPKit
import LettaAPI

/// Responds with 501 to the operations of the API that no group registered before serves.
struct UnservedRoutes: RouteGroup {
    func register(on routes: Routes) {
        routes.declareUnserved(Self.listed + Self.documented)
    }

    /// The operations of the peer's servers and clients, from `routes.tsv`.
    static let listed = rows(of: PackageResources.routes_tsv).compactMap { operation($0[0], $0[1]) }

    /// The operations as the peer's documentation spells them, from `documented-aliases.tsv`.
    static let documented = rows(of: PackageResources.documented_aliases_tsv).compactMap { row in
        let words = row[0].split(separator: " ")
        return operation(words[0], "/v1\(words[1])")
    }

    /// The cells of each line after the header.
    static func rows(of table: [UInt8]) -> [[Substring]] {
        String(decoding: table, as: UTF8.self).split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
    }

    /// `STREAM` is the documentation's verb for a POST with an event stream as its response.
    static func operation(_ verb: Substring, _ path: some StringProtocol) -> (verb: HTTPVerb, path: String)? {
        let verb = verb == "STREAM" ? .post : HTTPVerb(rawValue: String(verb))
        return verb.map { ($0, String(path)) }
    }
}
