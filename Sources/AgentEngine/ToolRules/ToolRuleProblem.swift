package import JSON

/// What is wrong with a client's tool rule, and where.
package struct ToolRuleProblem: Error, Hashable {
    /// The keys from the rule to the value, starting with the rule's type (`["conditional", "child_output_mapping"]`).
    package var path: [String]
    /// The type of the error, as in the published validation errors (`missing`, `string_type`, …).
    package var code: String
    package var message: String
    /// The invalid value; nil when it is missing.
    package var input: JSONValue?

    package init(path: [String], code: String, message: String, input: JSONValue? = nil) {
        self.path = path
        self.code = code
        self.message = message
        self.input = input
    }
}

/// Reads the fields of one rule and records them, so that unknown ones can be rejected.
struct ToolRuleFields {
    private let object: JSONObject
    private let path: [String]
    private var asked: Set<String> = []

    init(_ object: JSONObject, path: [String]) {
        self.object = object
        self.path = path
    }

    /// The value, or nil when it is absent or null.
    private mutating func value(_ key: String) -> JSONValue? {
        asked.insert(key)
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    private func problem(_ key: String, _ code: String, _ message: String) -> ToolRuleProblem {
        ToolRuleProblem(path: path + [key], code: code, message: message, input: object[key])
    }

    private mutating func optional<Value>(
        _ key: String, _ code: String, _ type: String, _ read: (JSONValue) -> Value?
    ) throws(ToolRuleProblem) -> Value? {
        guard let value = value(key) else { return nil }
        guard let read = read(value) else { throw problem(key, code, "Input should be \(type)") }
        return read
    }

    /// null counts as a wrong type here, not as absent.
    private mutating func required<Value>(
        _ key: String, _ code: String, _ type: String, _ read: (JSONValue) -> Value?
    ) throws(ToolRuleProblem) -> Value {
        asked.insert(key)
        guard let value = object[key] else { throw problem(key, "missing", "Field required") }
        guard let read = read(value) else { throw problem(key, code, "Input should be \(type)") }
        return read
    }

    mutating func string(_ key: String) throws(ToolRuleProblem) -> String {
        try required(key, "string_type", "a valid string") { $0.string }
    }

    mutating func optionalString(_ key: String) throws(ToolRuleProblem) -> String? {
        try optional(key, "string_type", "a valid string") { $0.string }
    }

    mutating func integer(_ key: String) throws(ToolRuleProblem) -> Int {
        try required(key, "int_type", "a valid integer") { $0.int.flatMap { Int(exactly: $0) } }
    }

    mutating func flag(_ key: String) throws(ToolRuleProblem) -> Bool {
        try optional(key, "bool_type", "a valid boolean") { $0.bool } ?? false
    }

    mutating func object(_ key: String) throws(ToolRuleProblem) -> JSONObject {
        try required(key, "dict_type", "a valid dictionary") { $0.object }
    }

    mutating func optionalObject(_ key: String) throws(ToolRuleProblem) -> JSONObject? {
        try optional(key, "dict_type", "a valid dictionary") { $0.object }
    }

    mutating func strings(_ key: String) throws(ToolRuleProblem) -> [String] {
        let elements = try required(key, "list_type", "a valid list") { $0.array }
        var strings: [String] = []
        for (place, element) in elements.enumerated() {
            guard let string = element.string else {
                throw ToolRuleProblem(
                    path: path + [key, String(place)], code: "string_type", message: "Input should be a valid string",
                    input: element)
            }
            strings.append(string)
        }
        return strings
    }

    mutating func optionalArray(_ key: String) throws(ToolRuleProblem) -> [JSONValue]? {
        try optional(key, "list_type", "a valid list") { $0.array }
    }

    /// Throws when the rule has an unknown field.
    func refuseOthers() throws(ToolRuleProblem) {
        for key in object.keys where !asked.contains(key) {
            throw problem(key, "extra_forbidden", "Extra inputs are not permitted")
        }
    }
}
