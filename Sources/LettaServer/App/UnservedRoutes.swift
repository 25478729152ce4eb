import HTTPKit
import LettaAPI

/// The operations of the API that no group registered before this one serves: each responds with 501.
struct UnservedRoutes: RouteGroup {
    func register(on routes: Routes) {
        routes.declareUnserved(Self.listed + Self.documented)
    }

    /// The operations of the peer's servers and clients, from `routes.tsv`.
    static let listed = rows(of: PackageResources.routes_tsv).compactMap { operation($0[0], $0[1]) }

    /// The spellings of the peer's documentation, from `documented-aliases.tsv`.
    static let documented = rows(of: PackageResources.documented_aliases_tsv).compactMap { row in
        let words = row[0].split(separator: " ")
        return operation(words[0], "/v1\(words[1])")
    }

    /// The cells of each line below the header.
    private static func rows(of table: [UInt8]) -> [[Substring]] {
        String(decoding: table, as: UTF8.self).split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
    }

    /// `STREAM` is the documentation's name for a POST whose response is an event stream.
    private static func operation(_ verb: Substring, _ path: some StringProtocol) -> (verb: HTTPVerb, path: String)? {
        let verb = verb == "STREAM" ? .post : HTTPVerb(rawValue: String(verb))
        return verb.map { ($0, String(path)) }
    }
}
