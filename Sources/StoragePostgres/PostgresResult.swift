import CLibPQ
import Storage

/// Owns a result of libpq and reads its rows, which come in PostgreSQL's text form.
struct PostgresResult: ~Copyable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    deinit { PQclear(handle) }

    /// What an `INSERT`, `UPDATE` or `DELETE` changed; nothing for other statements.
    var changes: Int {
        let command = String(cString: PQcmdStatus(handle))
        guard ["INSERT", "UPDATE", "DELETE", "MERGE"].contains(where: command.hasPrefix) else { return 0 }
        return Int(String(cString: PQcmdTuples(handle))) ?? 0
    }

    func rows() throws(SQLFailure) -> [SQLRow] {
        let fields = (0..<PQnfields(handle)).map { place in
            (name: PQfname(handle, place).map { String(cString: $0) } ?? "", type: PQftype(handle, place))
        }
        let columns = SQLColumns(fields.map(\.name))
        let count = PQntuples(handle)
        var rows: [SQLRow] = []
        rows.reserveCapacity(Int(count))
        for row in 0..<count {
            var values: [SQLValue] = []
            values.reserveCapacity(fields.count)
            for (place, field) in fields.enumerated() {
                values.append(try value(row, Int32(place), type: field.type))
            }
            rows.append(SQLRow(columns: columns, values: values))
        }
        return rows
    }

    private func value(_ row: Int32, _ place: Int32, type: Oid) throws(SQLFailure) -> SQLValue {
        guard PQgetisnull(handle, row, place) == 0, let start = PQgetvalue(handle, row, place) else { return .null }
        let raw = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(handle, row, place)))
        // The numbers are from pg_type.dat and never change.
        switch type {
        case 16: return .boolean(raw.first == UInt8(ascii: "t"))
        case 17: return .blob(try Self.bytes(hex: raw))
        case 20, 21, 23, 26:
            guard let number = Int64(String(decoding: raw, as: UTF8.self)) else { break }
            return .integer(number)
        case 700, 701:
            guard let number = Double(String(decoding: raw, as: UTF8.self)) else { break }
            return .real(number)
        default: break
        }
        return .text(String(decoding: raw, as: UTF8.self))
    }

    /// `\x00ff…`
    private static func bytes(hex: UnsafeRawBufferPointer) throws(SQLFailure) -> [UInt8] {
        guard hex.count >= 2, hex.count.isMultiple(of: 2), hex[0] == UInt8(ascii: "\\"), hex[1] == UInt8(ascii: "x")
        else { throw SQLFailure(.decoding, "a BYTEA came in another form than hex") }
        func digit(_ byte: UInt8) -> UInt8 {
            byte <= UInt8(ascii: "9") ? byte &- UInt8(ascii: "0") : byte &- UInt8(ascii: "a") &+ 10
        }
        return [UInt8](unsafeUninitializedCapacity: hex.count / 2 - 1) { bytes, count in
            count = hex.count / 2 - 1
            for index in 0..<count {
                bytes[index] = digit(hex[2 * index + 2]) << 4 | digit(hex[2 * index + 3])
            }
        }
    }
}
