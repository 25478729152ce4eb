import Foundation
import LettaAPI
import Testing

/// A route that clients of the API know.
struct ListedRoute: Hashable, CustomStringConvertible {
    let verb: HTTPVerb
    let path: String

    var description: String { "\(verb.rawValue) \(path)" }

    /// The same with every capture called `{}`: names differ between lists.
    var shape: String {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        return "\(verb.rawValue) \(segments.map { $0.hasPrefix("{") ? "{}" : $0 }.joined(separator: "/"))"
    }

    /// The path with something that may be there in the place of each capture.
    var filledPath: String {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            segment.hasPrefix("{") ? Self.value(for: segment.dropFirst().dropLast()) : String(segment)
        }
        return segments.joined(separator: "/")
    }

    private static func value(for capture: Substring) -> String {
        guard capture.hasSuffix("_id") else { return "something" }
        return "\(capture.dropLast("_id".count))-\(nobody)"
    }

    /// The routes of the servers and clients there were, and the spellings of their documentation.
    static func all() throws -> [ListedRoute] {
        let listed = try rows(of: "routes").map { ListedRoute(verb: try verb($0[0]), path: $0[1]) }
        let documented = try rows(of: "documented-aliases").map { row in
            let words = row[0].split(separator: " ").map(String.init)
            return ListedRoute(verb: try verb(words[0]), path: "/v1\(words[1])")
        }
        var shapes: Set<String> = []
        return (listed + documented).filter { shapes.insert($0.shape).inserted }
    }

    /// A stream is asked for with POST.
    private static func verb(_ name: String) throws -> HTTPVerb {
        try #require(name == "STREAM" ? .post : HTTPVerb(rawValue: name))
    }

    private static func rows(of name: String) throws -> [[String]] {
        let file = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "tsv"))
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }
}

/// The uuid of an id that nothing has.
let nobody = "00000000-0000-4000-8000-00000000dead"
