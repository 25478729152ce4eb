/// What one `Encoder` has been told so far; becomes a value when the encoding call returns.
final class EncodedNode {
    /// A part that is finished, or one that a nested container may still add to.
    enum Part {
        case value(JSONValue)
        case node(EncodedNode)
    }

    enum Content {
        case nothing
        case single(JSONValue)
        case array([Part])
        case object([(key: String, part: Part)])
    }

    let omitsNil: Bool
    var content = Content.nothing

    init(omitsNil: Bool) {
        self.omitsNil = omitsNil
    }

    /// Encodes a value from start to end. A type that encodes nothing at all becomes an empty object.
    func encoded<T: Encodable>(_ value: T) throws -> JSONValue {
        if let scalar = try Self.scalar(value) { return scalar }
        let node = EncodedNode(omitsNil: omitsNil)
        try value.encode(to: ValueEncoder(node))
        return node.value
    }

    var value: JSONValue {
        switch content {
        case .nothing:
            return .object(JSONObject())
        case .single(let value):
            return value
        case .array(let parts):
            return .array(parts.map(Self.value))
        case .object(let members):
            var object = JSONObject()
            for member in members { object[member.key] = Self.value(member.part) }
            return .object(object)
        }
    }

    func append(_ part: Part) {
        guard case .array(var parts) = content else {
            content = .array([part])
            return
        }
        // Emptied first, so that the array is not copied for being held twice.
        content = .nothing
        parts.append(part)
        content = .array(parts)
    }

    func set(_ part: Part, for key: String) {
        guard case .object(var members) = content else {
            content = .object([(key, part)])
            return
        }
        content = .nothing
        members.append((key, part))
        content = .object(members)
    }

    private static func value(_ part: Part) -> JSONValue {
        switch part {
        case .value(let value): value
        case .node(let node): node.value
        }
    }

    private static func scalar<T: Encodable>(_ value: T) throws -> JSONValue? {
        switch value {
        case let string as String: return .string(string)
        case let bool as Bool: return .bool(bool)
        case let int as Int: return .int(Int64(int))
        case let double as Double: return .double(double)
        case let value as JSONValue: return value
        // By way of its shortest text, or 0.1 would become 0.10000000149011612.
        case let float as Float: return .double(Double(float.description) ?? Double(float))
        case let integer as any FixedWidthInteger:
            guard let int = Int64(exactly: integer) else {
                throw EncodingError.invalidValue(
                    value, .init(codingPath: [], debugDescription: "\(integer) does not fit a 64-bit signed integer"))
            }
            return .int(int)
        default: return nil
        }
    }
}
