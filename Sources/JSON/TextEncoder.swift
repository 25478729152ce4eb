/// The text that an encoding makes, and the containers that are open at its end.
final class EncodedText {
    enum Container {
        case array, object
    }

    var writer: JSONWriter
    let omitsNil: Bool
    private var open: [Container] = []

    init(_ writer: JSONWriter, omitsNil: Bool) {
        self.writer = writer
        self.omitsNil = omitsNil
    }

    /// Writes a value the way it has of its own, if it has one.
    func write<T: Encodable>(_ value: T) throws {
        if writeScalar(value) { return }
        // What writes itself writes null for nil.
        if !omitsNil, let writable = value as? any JSONWritable { return writable.write(to: &writer) }
        if T.self is any FixedWidthInteger.Type || T.self == Float.self { return writeNumber(value) }
        try encode(value)
    }

    /// Writes what a value encodes; an empty object when that is nothing at all.
    func encode(_ value: some Encodable) throws {
        let level = open.count
        let start = writer.bytes.count
        try value.encode(to: TextEncoder(text: self, level: level))
        close(to: level)
        if writer.bytes.count == start { writer.object { _ in } }
    }

    /// Opens a container of `level`, unless it is open already: all containers of one `Encoder` are the same.
    func begin(_ container: Container, at level: Int) {
        close(to: level + 1)
        guard open.count == level else {
            precondition(open[level] == container, "one value is encoded as an object and as an array")
            return
        }
        open.append(container)
        if container == .object { writer.beginObject() } else { writer.beginArray() }
    }

    /// Ends the containers inside the one of `level - 1`, so that this one can go on.
    @inline(__always)
    func close(to level: Int) {
        while open.count > level {
            if open.removeLast() == .object { writer.endObject() } else { writer.endArray() }
        }
    }

    @inline(__always)
    private func writeScalar<T: Encodable>(_ value: T) -> Bool {
        // The types are equal, so the bits are too.
        if T.self == String.self {
            writer.write(unsafeBitCast(value, to: String.self))
        } else if T.self == Int.self {
            writer.write(unsafeBitCast(value, to: Int.self))
        } else if T.self == Bool.self {
            writer.value(unsafeBitCast(value, to: Bool.self))
        } else if T.self == Double.self {
            writer.write(unsafeBitCast(value, to: Double.self))
        } else {
            return false
        }
        return true
    }

    private func writeNumber<T: Encodable>(_ value: T) {
        if let float = value as? Float {
            // By way of its shortest text, or 0.1 would become 0.10000000149011612.
            writer.write(Double(float.description) ?? Double(float))
        } else if let integer = value as? any FixedWidthInteger {
            writer.write(integer)
        }
    }
}

/// The `Encoder` a type sees. It writes at once, so a nested container has to be complete before its parent goes on.
struct TextEncoder: Encoder {
    let text: EncodedText
    /// How many containers stand around the value.
    let level: Int

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        text.begin(.object, at: level)
        return KeyedEncodingContainer(ObjectTextContainer(text: text, level: level, isVerbatim: Key.isVerbatim))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        text.begin(.array, at: level)
        return ArrayTextContainer(text: text, level: level)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleTextContainer(text: text)
    }
}

private struct SingleTextContainer: SingleValueEncodingContainer {
    let text: EncodedText
    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() throws {
        text.writer.write("null" as StaticString)
    }

    mutating func encode<T: Encodable>(_ value: T) throws {
        try text.write(value)
    }
}

private struct ArrayTextContainer: UnkeyedEncodingContainer {
    let text: EncodedText
    let level: Int
    private(set) var count = 0

    init(text: EncodedText, level: Int) {
        self.text = text
        self.level = level
    }

    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() throws {
        element()
        text.writer.write("null" as StaticString)
    }

    mutating func encode<T: Encodable>(_ value: T) throws {
        element()
        try text.write(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nested().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        nested().unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder {
        nested()
    }

    private mutating func nested() -> TextEncoder {
        element()
        return TextEncoder(text: text, level: level + 1)
    }

    private mutating func element() {
        text.close(to: level + 1)
        count += 1
    }
}

private struct ObjectTextContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let text: EncodedText
    let level: Int
    let isVerbatim: Bool

    var codingPath: [any CodingKey] { [] }

    @inline(__always)
    private func begin(_ key: Key) {
        text.close(to: level + 1)
        text.writer.writeKey(key.stringValue, isVerbatim: isVerbatim)
    }

    mutating func encodeNil(forKey key: Key) throws {
        begin(key)
        text.writer.write("null" as StaticString)
    }

    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        begin(key)
        try text.write(value)
    }

    mutating func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    fileprivate mutating func encodeOptional<T: Encodable>(_ value: T?, forKey key: Key) throws {
        if let value { try encode(value, forKey: key) } else if !text.omitsNil { try encodeNil(forKey: key) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nested(key).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        nested(key).unkeyedContainer()
    }

    /// What a base class or a ``JSONFlattened`` property encodes stands among the members of this object.
    mutating func superEncoder() -> any Encoder {
        TextEncoder(text: text, level: level)
    }

    mutating func superEncoder(forKey key: Key) -> any Encoder {
        nested(key)
    }

    private func nested(_ key: Key) -> TextEncoder {
        begin(key)
        return TextEncoder(text: text, level: level + 1)
    }
}

// The standard library's own ways of encoding an optional scalar skip nil, and would be preferred to the generic one.
extension ObjectTextContainer {
    mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: Float?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: Int8?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: Int16?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: Int32?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: UInt?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }

    mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws {
        try encodeOptional(value, forKey: key)
    }
}
