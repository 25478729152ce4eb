/// A path as endpoints declare it, taken apart: `/v1/agents/{agent_id}/`, with `?name={folder_name}` behind
/// it where an alias takes a capture of its endpoint from the query.
struct RouteTemplate {
    enum Segment: Hashable {
        case literal(String)
        case capture(String)
    }

    var segments: [Segment]
    /// The name of a query parameter and the capture it stands for.
    var queryCaptures: [(parameter: String, capture: String)]

    init(_ text: String) {
        let parts = text.split(separator: "?", maxSplits: 1)
        segments = parts[0].split(separator: "/").map { part in
            Self.captureName(part).map(Segment.capture) ?? .literal(String(part))
        }
        queryCaptures = (parts.count > 1 ? parts[1] : "").split(separator: "&").compactMap { pair in
            let sides = pair.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, let name = Self.captureName(sides[1]) else { return nil }
            return (String(sides[0]), name)
        }
    }

    var captureNames: [String] {
        segments.compactMap { if case .capture(let name) = $0 { name } else { nil } }
    }

    private static func captureName(_ part: Substring) -> String? {
        guard part.first == "{", part.last == "}" else { return nil }
        return String(part.dropFirst().dropLast())
    }
}
