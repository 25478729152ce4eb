import JSON

/// Makes JSON Schemas of `Decodable` types by letting them decode from nothing and watching what they ask for.
///
/// Structs become named components that others refer to, so that types may contain themselves.
final class SchemaRecorder {
    /// The schemas of structs by name, in the order in which they were met.
    private(set) var components = JSONObject()
    /// Types whose decoding could not be watched to its end; they should be ``SchemaDescribing``.
    private(set) var undescribed: [String] = []
    private var known: [ObjectIdentifier: JSONValue] = [:]
    private var values: [ObjectIdentifier: Any] = [:]

    func schema<T: Decodable>(of type: T.Type) -> JSONValue {
        if let known = known[ObjectIdentifier(type)] { return known }
        let schema: JSONValue
        if let described = type as? any SchemaDescribing.Type {
            schema = described.schema
        } else if let wrapping = type as? any SchemaWrapping.Type {
            schema = wrapping.schema(in: self)
        } else if let names = Self.rawTexts(of: type) {
            schema = ["type": "string", "enum": .array(names.map { .string($0) })]
        } else if let scalar = Self.scalar(type) {
            schema = scalar
        } else {
            schema = recorded(type)
        }
        known[ObjectIdentifier(type)] = schema
        return schema
    }

    /// The members that a struct asks for, for a query whose members are parameters of their own.
    func members<T: Decodable>(of type: T.Type) -> [SchemaNode.Member] {
        watch(type).members
    }

    private func recorded<T: Decodable>(_ type: T.Type) -> JSONValue {
        let name = Self.name(of: type)
        let reference: JSONValue = ["$ref": .string("#/components/schemas/\(name)")]
        // Known before it is looked into: a type that contains itself is cut here.
        known[ObjectIdentifier(type)] = reference
        components[name] = .object([:])
        let node = watch(type)
        guard node.isNamed else {
            components[name] = nil
            return node.schema
        }
        components[name] = (type as? any SchemaRefining.Type)?.refined(node.schema) ?? node.schema
        return reference
    }

    private func watch<T: Decodable>(_ type: T.Type) -> SchemaNode {
        let node = SchemaNode()
        do {
            values[ObjectIdentifier(type)] = try T(from: RecordingDecoder(node: node, recorder: self))
        } catch {
            undescribed.append("\(String(reflecting: type)): \(error)")
        }
        return node
    }

    /// Some value of the type, to go on with.
    func value<T: Decodable>(of type: T.Type) throws -> T {
        let schema = schema(of: type)
        if let known = values[ObjectIdentifier(type)] as? T { return known }
        var candidates: [JSONValue] = ["", 0, [:], [], false, nil]
        if let example = schema["examples"]?[0] { candidates.insert(example, at: 0) }
        if let name = schema["enum"]?[0] { candidates.insert(name, at: 0) }
        for candidate in candidates {
            // A candidate that doesn't fit says nothing; the next one is tried.
            if let value = try? JSONDecoding().decode(type, from: candidate) { return value }
        }
        throw UndescribedType(name: String(reflecting: type))
    }

    private static func rawTexts(of type: any Any.Type) -> [String]? {
        func texts<Listed: CaseIterable>(_ type: Listed.Type) -> [String] {
            type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
        }
        guard let listed = type as? any CaseIterable.Type else { return nil }
        let names = texts(listed)
        return names.isEmpty ? nil : names
    }

    private static func scalar(_ type: any Any.Type) -> JSONValue? {
        switch type {
        case is String.Type: ["type": "string"]
        case is Bool.Type: ["type": "boolean"]
        case is Double.Type, is Float.Type: ["type": "number"]
        case is any FixedWidthInteger.Type: ["type": "integer"]
        default: nil
        }
    }

    /// The type's Swift name without its modules, in the characters that component names may have.
    private static func name(of type: any Any.Type) -> String {
        var name = ""
        var word = ""
        var isFirst = true
        var depth = 0
        func finish(_ ending: Character?) {
            if ending != "." || !isFirst { name += word }
            isFirst = ending.map { "<, ".contains($0) } ?? false
            word = ""
        }
        for character in String(reflecting: type) {
            if character == "(" { depth += 1 }
            if depth == 0 {
                if character.isLetter || character.isNumber || character == "_" {
                    word.append(character)
                } else {
                    let wasModule = character == "." && isFirst
                    finish(character)
                    if !wasModule, !name.isEmpty, name.last != "." { name += character == "." ? "." : "_" }
                }
            }
            if character == ")" { depth -= 1 }
        }
        finish(nil)
        while name.last == "_" || name.last == "." { name.removeLast() }
        return name
    }
}

/// Says that no value of a type could be made up.
struct UndescribedType: Error, CustomStringConvertible {
    var name: String
    var description: String { "no value of \(name) could be made up" }
}

/// What a type asked its decoder for.
final class SchemaNode {
    struct Member {
        var name: String
        var schema: JSONValue
        var isRequired: Bool
        var isNullable: Bool
    }

    private var order: [String] = []
    private var schemas: [String: JSONValue] = [:]
    private var nested: [String: SchemaNode] = [:]
    private var optional: Set<String> = []
    private var nullable: Set<String> = []
    private var isObject = false
    /// Whether the type looked for members it has no names for.
    var takesOthers = false
    /// Set when the type is a single value or an array.
    var plain: JSONValue?

    func open() {
        isObject = true
    }

    func set(_ schema: JSONValue, for key: String) {
        if schemas[key] == nil, nested[key] == nil { order.append(key) }
        schemas[key] = schema
    }

    func nest(_ key: String) -> SchemaNode {
        if let known = nested[key] { return known }
        let node = SchemaNode()
        if schemas[key] == nil { order.append(key) }
        nested[key] = node
        return node
    }

    func setOptional(_ key: String) { optional.insert(key) }
    func setNullable(_ key: String) { nullable.insert(key) }

    var members: [Member] {
        order.map { key in
            Member(
                name: key, schema: schemas[key] ?? nested[key]?.schema ?? [:], isRequired: !optional.contains(key),
                isNullable: nullable.contains(key))
        }
    }

    /// Whether this is a struct worth a name.
    var isNamed: Bool { plain == nil && !order.isEmpty }

    var schema: JSONValue {
        if let plain { return plain }
        guard !order.isEmpty || isObject else { return ["type": "object"] }
        if order.isEmpty, takesOthers { return [:] }
        var properties = JSONObject()
        for member in members {
            properties[member.name] = member.isNullable ? member.schema.orNull : member.schema
        }
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        return .object(schema)
    }
}
