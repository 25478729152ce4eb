/// A coding key made from a path.
struct PathKey: VerbatimCodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = String(intValue)
        self.intValue = intValue
    }

    init(_ element: JSONDecodingFailure.PathElement) {
        switch element {
        case .key(let key): self.init(stringValue: key)
        case .index(let index): self.init(intValue: index)
        }
    }
}

/// The `Decoder` a type sees for one value.
///
/// Paths are put together only when something fails: `base` leads here from the value of the nearest `init(from:)`
/// call and is empty but in nested containers; each such call puts its own place before the path of a passing failure.
final class ValueDecoder: Decoder, SingleValueDecodingContainer {
    let value: JSONValue
    let base: [JSONDecodingFailure.PathElement]
    let settings: DecodingSettings

    init(_ value: JSONValue, at base: [JSONDecodingFailure.PathElement], settings: DecodingSettings) {
        self.value = value
        self.base = base
        self.settings = settings
    }

    var codingPath: [any CodingKey] { base.map(PathKey.init) }
    var userInfo: [CodingUserInfoKey: Any] { settings.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = value else {
            throw JSONDecodingFailure(path: base, problem: .wrongType(.object), input: value)
        }
        return KeyedDecodingContainer(
            ObjectDecodingContainer<Key>(object: object, decoder: self, isVerbatim: Key.isVerbatim))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        switch value {
        case .array(let elements):
            return ArrayDecodingContainer(elements: elements, decoder: self)
        case .bool, .int, .double, .string:
            guard settings.wrapsSingleValues else { fallthrough }
            return ArrayDecodingContainer(elements: [value], decoder: self)
        default:
            throw JSONDecodingFailure(path: base, problem: .wrongType(.array), input: value)
        }
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        self
    }

    func decodeNil() -> Bool {
        value.isNull
    }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        do {
            return try settings.decode(type, from: value)
        } catch {
            throw error.under(base)
        }
    }

    /// A decoder for a part of this value.
    func decoder(for part: JSONValue, at element: JSONDecodingFailure.PathElement) -> ValueDecoder {
        ValueDecoder(part, at: base + [element], settings: settings)
    }
}

struct ObjectDecodingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let object: JSONObject
    let decoder: ValueDecoder
    let isVerbatim: Bool

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.key) } }

    func contains(_ key: Key) -> Bool {
        find(key) != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        try member(key).isNull
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try decode(type, from: member(key), key)
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try decodePresent(type, forKey: key)
    }

    @inline(__always)
    private func decodePresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws(JSONDecodingFailure) -> T? {
        guard let value = find(key), !value.isNull else { return nil }
        return try decode(type, from: value, key)
    }

    // For these the standard library has ways of its own, which look for the key three times.

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try decodePresent(type, forKey: key)
    }

    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try decodePresent(type, forKey: key)
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try decodePresent(type, forKey: key)
    }

    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try decodePresent(type, forKey: key)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try superDecoder(of: member(key), key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try superDecoder(of: member(key), key).unkeyedContainer()
    }

    /// A base class or a ``JSONFlattened`` property has its members among those of this object.
    func superDecoder() throws -> any Decoder {
        decoder
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        superDecoder(of: find(key) ?? .null, key)
    }

    private func superDecoder(of value: JSONValue, _ key: some CodingKey) -> ValueDecoder {
        decoder.decoder(for: value, at: .key(key.wireName))
    }

    @inline(__always)
    private func find(_ key: Key) -> JSONValue? {
        let name = key.stringValue
        return isVerbatim ? object[name] : name.withWireName { object.value(named: $0) }
    }

    private func member(_ key: Key) throws(JSONDecodingFailure) -> JSONValue {
        if let value = find(key) { return value }
        throw JSONDecodingFailure(
            path: decoder.base + [.key(key.wireName)], problem: .missing, input: decoder.value)
    }

    @inline(__always)
    private func decode<T: Decodable>(
        _ type: T.Type, from value: JSONValue, _ key: Key
    ) throws(JSONDecodingFailure) -> T {
        do {
            return try decoder.settings.decode(type, from: value)
        } catch {
            throw error.under(decoder.base + [.key(key.wireName)])
        }
    }
}

struct ArrayDecodingContainer: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let decoder: ValueDecoder
    private(set) var currentIndex = 0

    init(elements: [JSONValue], decoder: ValueDecoder) {
        self.elements = elements
        self.decoder = decoder
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func decodeNil() throws -> Bool {
        guard try next().isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let element = try next()
        do {
            let value = try decoder.settings.decode(type, from: element)
            currentIndex += 1
            return value
        } catch {
            throw error.under(place)
        }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try nextDecoder().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try nextDecoder().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder {
        try nextDecoder()
    }

    private var place: [JSONDecodingFailure.PathElement] { decoder.base + [.index(currentIndex)] }

    /// The element to be read next, without passing it.
    private func next() throws(JSONDecodingFailure) -> JSONValue {
        guard !isAtEnd else { throw JSONDecodingFailure(path: place, problem: .missing, input: decoder.value) }
        return elements[currentIndex]
    }

    private mutating func nextDecoder() throws -> ValueDecoder {
        let nested = decoder.decoder(for: try next(), at: .index(currentIndex))
        currentIndex += 1
        return nested
    }
}
