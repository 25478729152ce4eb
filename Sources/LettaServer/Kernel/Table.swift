import JSON
import Storage

/// A table whose rows are values of one type: each stored property is a column, named in snake case.
///
/// The type alone declares the columns, so that reading, INSERT, UPDATE and upsert can't disagree. The properties of a
/// type that is decoded from the same decoder, or that is `JSONFlattened`, are columns too.
///
/// - Values that are `SQLReadable` and `SQLBindable` are stored as such, enums by their raw text, and all other
///   `Codable` values as JSON text.
/// - `organization_id` is written from the transaction; a type that has the property reads it.
struct Table<Row: Codable & Sendable>: Sendable {
    let name: SQLText
    /// All columns, qualified, for `SELECT`.
    let columns: SQLText
    let layout: TableLayout

    /// - Parameters:
    ///   - renaming: columns that are called otherwise, by the encoded names of their properties.
    ///   - without: encoded names without a column, with the values they are read as.
    init(_ name: StaticString, renaming: [String: String] = [:], without: [String: JSONValue] = [:]) {
        self.name = SQLText(identifier: name.description)
        layout = TableLayout(of: Row.self, renaming: renaming, without: without)
        let table = self.name
        columns = .joined(layout.columns.map { "\(table).\(SQLText(identifier: $0))" }, separator: ", ")
    }

    /// Reads a result row that has the ``columns``.
    func row(_ row: SQLRow) throws -> Row {
        try Row(from: SQLRowDecoder(row, layout))
    }
}

/// The columns of a table, and the place of each coding key of its row type.
final class TableLayout: Sendable {
    enum Place: Sendable {
        /// - Parameters:
        ///   - index: the position among the written columns; nil for a column that is only read.
        ///   - type: the type of the property, where it can be read without decoding.
        case column(String, index: Int?, type: (any SQLReadable.Type)?)
        /// Not stored; read as this value.
        case constant(JSONValue)
    }

    let columns: [String]
    /// The columns that rows provide, in order: all but `organization_id`, which comes from the transaction.
    let written: [String]
    /// The `stringValue`s of the coding keys in the order in which the type requests them, and their places.
    private let entries: [(key: String, place: Place)]
    private let indices: [String: Int]

    init<Row: Decodable>(of type: Row.Type, renaming: [String: String], without: [String: JSONValue]) {
        let recorder = KeyRecorder(without)
        do {
            _ = try Row(from: recorder)
        } catch {
            preconditionFailure("the columns of \(type) can't be found: \(error)")
        }
        var columns: [String] = []
        for key in recorder.keys where without[key.wireName] == nil {
            let column = renaming[key.wireName] ?? key.wireName
            if !columns.contains(column) { columns.append(column) }
        }
        let written = columns.filter { $0 != "organization_id" }
        entries = recorder.keys.map { key in
            if let value = without[key.wireName] { return (key.stringValue, .constant(value)) }
            let column = renaming[key.wireName] ?? key.wireName
            return (key.stringValue, .column(column, index: written.firstIndex(of: column), type: key.type))
        }
        indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.key, $0) })
        self.columns = columns
        self.written = written
    }

    /// - Parameter next: the expected position of the key; afterwards, that of the next one. Types request their keys
    ///   in a fixed order, so that most are found without hashing.
    func place(of key: some CodingKey, _ next: inout Int) throws(SQLFailure) -> Place {
        let name = key.stringValue
        if next >= entries.count || entries[next].key != name {
            guard let index = indices[name] else {
                throw SQLFailure(.decoding, "no column is known for \(name)")
            }
            next = index
        }
        defer { next += 1 }
        return entries[next].place
    }
}

/// Collects the coding keys that a type requests, and returns a sample value for each.
private final class KeyRecorder: Decoder {
    struct Key {
        var stringValue: String
        var wireName: String
        var type: (any SQLReadable.Type)?
    }

    private(set) var keys: [Key] = []
    private let constants: [String: JSONValue]

    init(_ constants: [String: JSONValue]) {
        self.constants = constants
    }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RecordingContainer(recorder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw SQLRowDecoder.notAnObject }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw SQLRowDecoder.notAnObject }

    func record(_ key: some CodingKey, _ type: Any.Type? = nil) {
        let type = type as? any SQLReadable.Type
        if let known = keys.firstIndex(where: { $0.stringValue == key.stringValue }) {
            keys[known].type = keys[known].type ?? type
        } else {
            keys.append(Key(stringValue: key.stringValue, wireName: key.wireName, type: type))
        }
    }

    func isNull(_ key: some CodingKey) -> Bool { constants[key.wireName] == .null }

    func sample<T: Decodable>(_ type: T.Type, for key: some CodingKey) throws -> T {
        if let constant = constants[key.wireName] { return try JSONDecoding().decode(type, from: constant) }
        if let readable = type as? any SQLReadable.Type {
            for value in [.text(""), .integer(0), .boolean(false), .real(0), .blob([])] as [SQLValue] {
                // Only checks whether the kind of value fits.
                if let sample = (try? readable.init(sqlValue: value)) as? T { return sample }
            }
        }
        if let cases = type as? any CaseIterable.Type, let sample = Self.first(of: cases) as? T { return sample }
        for value in [.array([]), .object([:]), .string(""), .int(0), .bool(false)] as [JSONValue] {
            if let sample = try? JSONDecoding().decode(type, from: value) { return sample }
        }
        throw SQLFailure(.unsupported, "no sample of \(type) is known for \(key.stringValue)")
    }

    private static func first<Cases: CaseIterable>(of type: Cases.Type) -> Any? { type.allCases.first }
}

private struct RecordingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: KeyRecorder

    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool {
        recorder.record(key)
        return true
    }

    func decodeNil(forKey key: Key) -> Bool {
        recorder.record(key)
        return recorder.isNull(key)
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        recorder.record(key, type)
        return try recorder.sample(type, for: key)
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) -> T? {
        recorder.record(key, type)
        return nil
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        throw SQLRowDecoder.notFlat(key)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SQLRowDecoder.notFlat(key)
    }

    func superDecoder() -> any Decoder { recorder }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw SQLRowDecoder.notFlat(key) }
}
