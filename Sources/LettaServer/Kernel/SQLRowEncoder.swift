import JSON
import Storage

/// Encodes a value as the values of its table's columns.
final class SQLRowEncoder: Encoder {
    private let layout: TableLayout
    /// In the order of the layout's written columns.
    private(set) var values: [SQLValue]
    private var next = 0

    private init(_ layout: TableLayout) {
        self.layout = layout
        values = Array(repeating: .null, count: layout.written.count)
    }

    static func values<Row: Encodable>(of row: Row, _ layout: TableLayout) throws -> [SQLValue] {
        let encoder = SQLRowEncoder(layout)
        try row.encode(to: encoder)
        return encoder.values
    }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(RowContainer(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        preconditionFailure("only a type with properties can be a row")
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        preconditionFailure("only a type with properties can be a row")
    }

    fileprivate func set(_ value: @autoclosure () throws -> SQLValue, for key: some CodingKey) throws {
        if case .column(_, let index?, _) = try layout.place(of: key, &next) { values[index] = try value() }
    }
}

private struct RowContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: SQLRowEncoder

    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil(forKey key: Key) throws {
        try encoder.set(.null, for: key)
    }

    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try encoder.set(Self.sqlValue(of: value), for: key)
    }

    mutating func encode(_ value: String, forKey key: Key) throws { try encoder.set(value.sqlValue, for: key) }
    mutating func encode(_ value: Int, forKey key: Key) throws { try encoder.set(value.sqlValue, for: key) }
    mutating func encode(_ value: Bool, forKey key: Key) throws { try encoder.set(value.sqlValue, for: key) }

    private static func sqlValue(of value: some Encodable) throws -> SQLValue {
        if let value = value as? any SQLBindable { return value.sqlValue }
        if let value = value as? any RawRepresentable<String> { return .text(value.rawValue) }
        return .text(String(decoding: try JSONEncoding().encodeBytes(value), as: UTF8.self))
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        preconditionFailure("a row has no nested container for \(key.stringValue)")
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        preconditionFailure("a row has no nested container for \(key.stringValue)")
    }

    mutating func superEncoder() -> any Encoder { encoder }

    mutating func superEncoder(forKey key: Key) -> any Encoder {
        preconditionFailure("a row has no nested encoder for \(key.stringValue)")
    }
}
