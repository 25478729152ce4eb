package import JSON
package import LettaAPI

/// A type that says itself what it is in the terms of JSON Schema, because watching it decode can't tell:
/// unions, enumerations that may grow, texts of a certain form.
///
/// An `examples` member with one value that decodes is needed where the empty value of the schema's type doesn't.
package protocol SchemaDescribing {
    static var schema: JSONValue { get }
}

/// A type that writes a field in another form than its property has, and corrects the recorded schema.
package protocol SchemaRefining {
    static func refined(_ schema: JSONValue) -> JSONValue
}

/// A type whose schema is made from the schema of another type.
protocol SchemaWrapping {
    static func schema(in recorder: SchemaRecorder) -> JSONValue
}

extension ID: SchemaDescribing {
    package static var schema: JSONValue { CapturePattern.id(prefix: Of.idPrefix).schema }
}

extension CapturePattern {
    var schema: JSONValue {
        guard let expression else { return ["type": "string"] }
        return ["type": "string", "pattern": .string(expression), "examples": .array(examples.map { .string($0) })]
    }

    /// A regular expression for the texts that match; nil for any text.
    var expression: String? {
        let hex = "[0-9a-f]"
        return match("\(hex){8}-\(hex){4}-4\(hex){3}-[89ab]\(hex){3}-\(hex){12}").map { "^\($0)$" }
    }

    /// The expression in an error message; nil for any text.
    var shown: String? { match("{uuid4}") }

    /// The texts that match, with this in place of the random part of an id.
    private func match(_ random: String) -> String? {
        guard case .ids(let prefixes, let words) = self else { return nil }
        let prefix = prefixes.count == 1 ? prefixes[0] : "(\(prefixes.joined(separator: "|")))"
        let id = "\(prefix)-\(random)"
        return words.isEmpty ? id : "(\(words.joined(separator: "|"))|\(id))"
    }

    var examples: [String] {
        guard case .ids(let prefixes, let words) = self else { return [] }
        return prefixes.map { "\($0)-123e4567-e89b-42d3-8456-426614174000" } + words
    }
}

extension JSONValue {
    /// This schema with `null` allowed as well.
    var orNull: JSONValue {
        let null: JSONValue = ["type": "null"]
        if self == [:] || self == null || self["anyOf"]?.array?.contains(null) == true { return self }
        return ["anyOf": [self, null]]
    }
}

extension Timestamp: SchemaDescribing {
    package static var schema: JSONValue {
        ["type": "string", "format": "date-time", "examples": ["2026-11-23T14:25:52.630849Z"]]
    }
}

extension JSONValue: SchemaDescribing {
    package static var schema: JSONValue { [:] }
}

extension RawJSON: SchemaDescribing {
    package static var schema: JSONValue { [:] }
}

extension ObjectDocument: SchemaDescribing {
    package static var schema: JSONValue { ["type": "object"] }
}

extension NullOutput: SchemaDescribing {
    package static var schema: JSONValue { ["type": "null"] }
}

extension Optional: SchemaWrapping where Wrapped: Decodable {
    static func schema(in recorder: SchemaRecorder) -> JSONValue {
        recorder.schema(of: Wrapped.self).orNull
    }
}

extension Patch: SchemaWrapping where Value: Decodable {
    static func schema(in recorder: SchemaRecorder) -> JSONValue {
        recorder.schema(of: Value.self).orNull
    }
}

extension Array: SchemaWrapping where Element: Decodable {
    static func schema(in recorder: SchemaRecorder) -> JSONValue {
        ["type": "array", "items": recorder.schema(of: Element.self)]
    }
}

extension Dictionary: SchemaWrapping where Key == String, Value: Decodable {
    static func schema(in recorder: SchemaRecorder) -> JSONValue {
        ["type": "object", "additionalProperties": recorder.schema(of: Value.self)]
    }
}

extension Document: SchemaWrapping {
    static func schema(in recorder: SchemaRecorder) -> JSONValue {
        recorder.schema(of: Content.self)
    }
}
