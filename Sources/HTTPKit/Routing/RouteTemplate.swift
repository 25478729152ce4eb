import LettaAPI

/// The parsed form of a declared path: `/v1/agents/{agent_id}/`, followed by `?name={folder_name}` where an alias
/// takes a capture of its endpoint from the query.
struct RouteTemplate {
    enum Segment: Hashable {
        case literal(String)
        case capture(String)
    }

    var segments: [Segment]
    private let endsWithSlash: Bool
    /// The query parameters that stand for captures.
    var queryCaptures: [(parameter: String, capture: String)]

    init(_ text: String) {
        let parts = text.split(separator: "?", maxSplits: 1)
        endsWithSlash = parts[0].hasSuffix("/")
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

    /// The text of this template with other names for the captures of its path: those of `names`, in order, that its query
    /// does not have. Nil when there are fewer.
    func naming(_ names: [String]) -> String? {
        var left = names.filter { name in !queryCaptures.contains { $0.capture == name } }[...]
        var path = ""
        for segment in segments {
            switch segment {
            case .literal(let text): path += "/\(text)"
            case .capture:
                guard let name = left.popFirst() else { return nil }
                path += "/{\(name)}"
            }
        }
        if endsWithSlash { path += "/" }
        let query = queryCaptures.map { "\($0.parameter)={\($0.capture)}" }.joined(separator: "&")
        return query.isEmpty ? path : "\(path)?\(query)"
    }

    private static func captureName(_ part: Substring) -> String? {
        guard part.first == "{", part.last == "}" else { return nil }
        return String(part.dropFirst().dropLast())
    }
}

/// Equal for operations that match the same requests, whatever their captures are called.
struct OperationShape: Hashable {
    let verb: HTTPVerb
    /// Nil stands for a capture.
    let segments: [String?]

    init(_ verb: HTTPVerb, _ path: String) {
        self.verb = verb
        segments = RouteTemplate(path).segments.map { if case .literal(let text) = $0 { text } else { nil } }
    }
}
