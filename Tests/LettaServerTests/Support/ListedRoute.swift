import Foundation
import LettaAPI
import Testing

/// A line of the list of all routes that clients of the API know.
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

    static func all() throws -> [ListedRoute] {
        let file = try #require(Bundle.module.url(forResource: "Fixtures/routes", withExtension: "tsv"))
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            return ListedRoute(verb: try #require(HTTPVerb(rawValue: String(columns[0]))), path: String(columns[1]))
        }
    }
}

/// The uuid of an id that nothing has.
let nobody = "00000000-0000-4000-8000-00000000dead"
