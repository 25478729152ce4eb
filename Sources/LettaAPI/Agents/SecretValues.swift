import JSON

/// Secrets by their names, as a client may send them: an object, or the list of objects with `key` and `value` that an
/// agent shows.
public struct SecretValues: Codable, Sendable, Hashable {
    /// Nil for an empty list, which an agent shows also where its secrets were not asked for. An empty object says that
    /// there are to be none.
    public var values: [String: String]?

    public init(_ values: [String: String]) {
        self.values = values
    }

    private struct Shown: Decodable {
        var key: String
        var value: String
    }

    public init(from decoder: any Decoder) throws {
        if case .array = try JSONValue(from: decoder) {
            let shown = try [Shown](from: decoder)
            values =
                shown.isEmpty
                ? nil : Dictionary(shown.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
        } else {
            values = try [String: String](from: decoder)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if let values {
            try values.encode(to: encoder)
        } else {
            try [String]().encode(to: encoder)
        }
    }
}
