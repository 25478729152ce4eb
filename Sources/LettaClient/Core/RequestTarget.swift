import JSON
import LettaAPI

/// Writes what stands in the request line behind the base URL.
enum RequestTarget {
    /// The endpoint's path with its captures filled in, and the query.
    static func text<Path, Query, Body, Output>(
        of endpoint: Endpoint<Path, Query, Body, Output>, _ path: Path, _ query: Query
    ) throws(LettaClientError) -> String {
        var captured = path.captured[...]
        var text = ""
        for part in endpoint.path.split(separator: "/") {
            guard part.hasPrefix("{") else {
                text += "/\(part)"
                continue
            }
            // Without a name the path would be that of another operation.
            guard let value = captured.popFirst(), !value.isEmpty else {
                throw .invalidRequest("\(part.dropFirst().dropLast()) is empty")
            }
            text += "/\(escaped(value))"
        }
        if endpoint.path.hasSuffix("/") { text += "/" }
        let parameters = try self.parameters(query)
        return parameters.isEmpty ? text : "\(text)?\(parameters)"
    }

    /// The members of the query as `key=value`, those that are lists repeated for each element.
    private static func parameters(_ query: some Encodable) throws(LettaClientError) -> String {
        let encoded = try encode { try JSONEncoding(omitsNil: true).encode(query) }
        var pairs: [String] = []
        for (key, value) in encoded.object ?? [:] {
            for element in value.array ?? [value] {
                if let text = text(of: element) { pairs.append("\(escaped(key))=\(escaped(text))") }
            }
        }
        return pairs.joined(separator: "&")
    }

    private static func text(of value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text
        default: JSONWriter.string(of: value)
        }
    }

    /// Runs an encoder and tells its errors in the client's terms.
    static func encode<Value>(_ body: () throws -> Value) throws(LettaClientError) -> Value {
        do {
            return try body()
        } catch {
            throw .invalidRequest("\(error)")
        }
    }

    /// Percent-encodes everything but letters, digits and `-._~`.
    private static func escaped(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
