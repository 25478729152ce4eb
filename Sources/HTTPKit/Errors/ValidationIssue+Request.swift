package import JSON
package import LettaAPI

extension ValidationIssue {
    /// The part of a request that was decoded.
    package enum Part: String, Sendable {
        case body, query
    }

    /// A decoding failure in the peer's wording.
    package init(_ failure: JSONDecodingFailure, in part: Part) {
        let location =
            [.name(part.rawValue)]
            + failure.path.map { element -> LocationElement in
                switch element {
                case .key(let key): .name(key)
                case .index(let index): .index(index)
                }
            }
        let wording = Wording(failure.problem, isRoot: failure.path.isEmpty)
        // The peer shows the object that lacks a member, and no input for an absent query parameter.
        let hidesInput = failure.problem == .missing && part == .query
        self.init(
            type: wording.type, location: location, message: wording.message,
            input: hidesInput ? .null : Self.withoutKeys(failure), context: wording.context)
    }

    /// What failed to decode, without the keys of model services in it.
    private static func withoutKeys(_ failure: JSONDecodingFailure) -> JSONValue {
        let names: Set = ["access_key", "api_key"]
        if failure.path.contains(where: { if case .key(let key) = $0 { names.contains(key) } else { false } }) {
            return .null
        }
        guard var members = failure.input.object else { return failure.input }
        for name in names where members[name] != nil { members[name] = "********" }
        return .object(members)
    }

    /// A JSON syntax error. The position is in characters, as in the peer's bodies.
    init(_ error: JSONSyntaxError, in bytes: UnsafeRawBufferPointer) {
        let before = bytes.prefix(error.offset)
        let characters = before.count { $0 & 0xC0 != 0x80 }
        self.init(
            type: "json_invalid", location: [.name("body"), .index(characters)], message: "JSON decode error",
            input: .object([:]), context: ["error": .string(error.reason)])
    }

    static func missing(at location: [LocationElement], input: JSONValue) -> ValidationIssue {
        ValidationIssue(type: "missing", location: location, message: "Field required", input: input)
    }

    static let notAnObject = "Input should be a valid dictionary or object to extract fields from"
}

extension APIError {
    static func invalid(_ issue: ValidationIssue) -> APIError {
        APIError(status: 422, body: .validation([issue], examples: []))
    }

    /// 422 for a path capture that does not match.
    static func invalid(
        _ pattern: CapturePattern, _ text: String, at location: [ValidationIssue.LocationElement]
    ) -> APIError {
        guard let expression = pattern.expression, let shown = pattern.shown else { return APIError(404, "Not Found") }
        let issue = ValidationIssue(
            type: "string_pattern_mismatch", location: location,
            message: "String should match pattern '\(shown)'", input: .string(text),
            context: ["pattern": .string(expression)])
        return APIError(status: 422, body: .validation([issue], examples: pattern.examples))
    }

    static func tooLarge(_ limit: Int) -> APIError {
        APIError(413, "The request body exceeds the limit of \(limit) bytes. Send a smaller body.")
    }
}

/// The peer's type, message and context for a decoding problem.
private struct Wording {
    var type: String
    var message: String
    var context: JSONObject = [:]

    init(_ type: String, _ message: String, _ context: JSONObject = [:]) {
        self.type = type
        self.message = message
        self.context = context
    }

    init(_ problem: JSONDecodingFailure.Problem, isRoot: Bool) {
        switch problem {
        case .missing:
            self.init("missing", "Field required")
        case .wrongType(.object) where isRoot:
            self.init("model_attributes_type", ValidationIssue.notAnObject)
        case .wrongType(let expected):
            self.init(wrongTypeFor: expected)
        case .unparsable(.integer):
            self.init("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
        case .unparsable(.number):
            self.init("float_parsing", "Input should be a valid number, unable to parse string as a number")
        case .unparsable(.boolean):
            self.init("bool_parsing", "Input should be a valid boolean, unable to interpret input")
        case .unparsable(let expected):
            self.init(wrongTypeFor: expected)
        case .notWhole:
            self.init("int_from_float", "Input should be a valid integer, got a number with a fractional part")
        case .outOfRange:
            self.init(
                "int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size")
        case .enumeration(let values):
            let expected = Self.list(values)
            // The peer declares the sort order as a literal type, unlike its other enumerations.
            let isSortOrder = values == SortOrder.allCases.map(\.rawValue)
            self.init(
                isSortOrder ? "literal_error" : "enum", "Input should be \(expected)",
                ["expected": .string(expected)])
        case .invalid(let message):
            self.init("value_error", "Value error, \(message)")
        }
    }

    private init(wrongTypeFor expected: JSONDecodingFailure.Expected) {
        switch expected {
        case .string: self.init("string_type", "Input should be a valid string")
        case .integer: self.init("int_type", "Input should be a valid integer")
        case .number: self.init("float_type", "Input should be a valid number")
        case .boolean: self.init("bool_type", "Input should be a valid boolean")
        case .array: self.init("list_type", "Input should be a valid list")
        case .object: self.init("dict_type", "Input should be a valid dictionary")
        case .null: self.init("none_required", "Input should be None")
        }
    }

    /// `'a', 'b' or 'c'`
    private static func list(_ values: [String]) -> String {
        let quoted = values.map { PythonText.literal($0) }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}
