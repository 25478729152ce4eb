import JSON
import Storage

/// Decodes a value from a result row, each key from its column.
final class SQLRowDecoder: Decoder {
    let row: SQLRow
    private let layout: TableLayout
    private var next = 0

    init(_ row: SQLRow, _ layout: TableLayout) {
        self.row = row
        self.layout = layout
    }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RowContainer(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Self.notAnObject }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Self.notAnObject }

    fileprivate func place(of key: some CodingKey) throws(SQLFailure) -> TableLayout.Place {
        try layout.place(of: key, &next)
    }

    static var notAnObject: SQLFailure { SQLFailure(.unsupported, "only a type with properties can be a row") }

    static func notFlat(_ key: some CodingKey) -> SQLFailure {
        SQLFailure(.unsupported, "a row has no nested container for \(key.stringValue)")
    }
}

private struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: SQLRowDecoder

    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool {
        (try? decoder.place(of: key)) != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        switch try decoder.place(of: key) {
        case .column(let column, _, _): try decoder.row[column] == SQLValue.null
        case .constant(let value): value.isNull
        }
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        switch try decoder.place(of: key) {
        case .column(let column, _, let readable): try decoder.row.decode(type, as: readable, from: column)
        case .constant(let value): try JSONDecoding().decode(type, from: value)
        }
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        switch try decoder.place(of: key) {
        case .column(let column, _, let readable):
            if try decoder.row[column] == SQLValue.null { return nil }
            return try decoder.row.decode(type, as: readable, from: column)
        case .constant(let value): return try JSONDecoding().decode(T?.self, from: value)
        }
    }

    // Overloads for the most frequent types, which need no conformance lookup at run time.

    func decode(_ type: String.Type, forKey key: Key) throws -> String { try read(key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try read(key) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try read(key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try readOptional(key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try readOptional(key) }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try readOptional(key) }

    private func read<T: SQLReadable & Decodable>(_ key: Key) throws -> T {
        switch try decoder.place(of: key) {
        case .column(let column, _, _): try decoder.row[column]
        case .constant(let value): try JSONDecoding().decode(T.self, from: value)
        }
    }

    private func readOptional<T: SQLReadable & Decodable>(_ key: Key) throws -> T? {
        switch try decoder.place(of: key) {
        case .column(let column, _, _): try decoder.row[column]
        case .constant(let value): try JSONDecoding().decode(T?.self, from: value)
        }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        throw SQLRowDecoder.notFlat(key)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SQLRowDecoder.notFlat(key)
    }

    func superDecoder() -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw SQLRowDecoder.notFlat(key) }
}

extension SQLRow {
    /// Reads a column as any type that ``SQLRowEncoder`` writes.
    ///
    /// - Parameter readable: the same type as `SQLReadable`, where it conforms.
    fileprivate func decode<T: Decodable>(
        _ type: T.Type, as readable: (any SQLReadable.Type)?, from column: String
    ) throws -> T {
        if let readable, let value = try read(readable, from: column) as? T { return value }
        let text: String = try self[column]
        if let raw = type as? any RawRepresentable.Type {
            guard let value = Self.value(raw, of: text) as? T else {
                throw SQLFailure(.decoding, "column \(column): '\(text)' is no \(type)")
            }
            return value
        }
        return try JSONDecoding().decode(type, from: RawJSON(trusted: text).value())
    }

    private func read<T: SQLReadable>(_ type: T.Type, from column: String) throws -> any SQLReadable {
        let value: T = try self[column]
        return value
    }

    private static func value<T: RawRepresentable>(_ type: T.Type, of text: String) -> Any? {
        (text as? T.RawValue).flatMap { T(rawValue: $0) }
    }
}
