import LettaAPI

@testable import LettaServer

/// A route that clients of the API know.
struct ListedRoute: Hashable, CustomStringConvertible {
    let verb: HTTPVerb
    let path: String

    var description: String { "\(verb.rawValue) \(path)" }

    /// Equal for routes that match the same requests: lists name captures differently.
    var shape: String {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        return "\(verb.rawValue) \(segments.map { $0.hasPrefix("{") ? "{}" : $0 }.joined(separator: "/"))"
    }

    /// The path with a plausible value in the place of each capture.
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

    /// The routes of the peer's servers and clients.
    static let listed = UnservedRoutes.listed.map { ListedRoute(verb: $0.verb, path: $0.path) }

    /// Those, and the spellings of the peer's documentation.
    static let all: [ListedRoute] = {
        var shapes: Set<String> = []
        return (listed + UnservedRoutes.documented.map { ListedRoute(verb: $0.verb, path: $0.path) })
            .filter { shapes.insert($0.shape).inserted }
    }()
}

/// The uuid of an id that nothing has.
let nobody = "00000000-0000-4000-8000-00000000dead"
