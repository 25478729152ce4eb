import JSON

/// A decoder over nothing that writes down what it is asked for and answers with made-up values.
struct RecordingDecoder: Decoder, SingleValueDecodingContainer {
    let node: SchemaNode
    let recorder: SchemaRecorder

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        node.open()
        return KeyedDecodingContainer(RecordingObject(node: node, recorder: recorder))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer {
        RecordingArray(node: node, recorder: recorder)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { false }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        node.plain = recorder.schema(of: type)
        return try recorder.value(of: type)
    }
}

private struct RecordingObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let node: SchemaNode
    let recorder: SchemaRecorder

    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] {
        node.takesOthers = true
        return []
    }

    func contains(_ key: Key) -> Bool {
        node.setOptional(key.wireName)
        return true
    }

    func decodeNil(forKey key: Key) -> Bool {
        node.setNullable(key.wireName)
        return false
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        node.set(recorder.schema(of: type), for: key.wireName)
        return try recorder.value(of: type)
    }

    /// Absent is an answer that every type can go on with.
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) -> T? {
        node.setOptional(key.wireName)
        node.setNullable(key.wireName)
        node.set(recorder.schema(of: type), for: key.wireName)
        return nil
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedDecodingContainer<Nested> {
        decoder(for: key.wireName).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
        decoder(for: key.wireName).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { RecordingDecoder(node: node, recorder: recorder) }
    func superDecoder(forKey key: Key) -> any Decoder { decoder(for: key.wireName) }

    private func decoder(for key: String) -> RecordingDecoder {
        RecordingDecoder(node: node.nest(key), recorder: recorder)
    }
}

/// An array of one element.
private struct RecordingArray: UnkeyedDecodingContainer {
    let node: SchemaNode
    let recorder: SchemaRecorder
    private(set) var currentIndex = 0

    init(node: SchemaNode, recorder: SchemaRecorder) {
        self.node = node
        self.recorder = recorder
        node.plain = ["type": "array"]
    }

    var codingPath: [any CodingKey] { [] }
    var count: Int? { 1 }
    var isAtEnd: Bool { currentIndex > 0 }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        currentIndex += 1
        node.plain = ["type": "array", "items": recorder.schema(of: type)]
        return try recorder.value(of: type)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedDecodingContainer<Nested> {
        element().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer {
        element().unkeyedContainer()
    }

    mutating func superDecoder() -> any Decoder { element() }

    private mutating func element() -> RecordingDecoder {
        currentIndex += 1
        return RecordingDecoder(node: SchemaNode(), recorder: recorder)
    }
}
