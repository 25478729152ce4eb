import HTTPTypes
package import Hummingbird
import LettaAPI
import NIOCore
import NIOPosix

/// A form with files: a body of type `multipart/form-data` (RFC 7578), read into memory.
///
/// Nested forms and transfer encodings, which the RFC deprecates, are not read.
package struct MultipartForm: Sendable {
    package struct Part: Sendable {
        package var name: String
        /// Nil for a plain field.
        package var fileName: String?
        package var bytes: [UInt8]

        package var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    package let parts: [Part]

    private static let mostParts = 100

    /// Reads the body of a request. A body of another type is a form without parts.
    ///
    /// - Throws: `APIError`: 413 for a body over the limit, 400 for one that is no form.
    package init(_ request: inout Request, limit: Int) async throws {
        let bytes = try await RequestBody.collect(&request, limit: limit)
        guard let boundary = Self.boundary(request.headers[.contentType] ?? "") else {
            parts = []
            return
        }
        // A large body takes longer than other requests should wait for a thread.
        parts = try await NIOThreadPool.singleton.runIfActive {
            try Self.parts(Array(bytes.readableBytesView), boundary: boundary)
        }
    }

    /// The last part with this name.
    package subscript(name: String) -> Part? { parts.last { $0.name == name } }

    // MARK: Reading

    static func boundary(_ contentType: String) -> String? {
        guard contentType.lowercased().hasPrefix("multipart/form-data"),
            let boundary = parameter("boundary", of: contentType), (1...200).contains(boundary.utf8.count)
        else { return nil }
        return boundary
    }

    static func parts(_ body: [UInt8], boundary: String) throws(APIError) -> [Part] {
        let delimiter = Array("--\(boundary)".utf8)
        guard body.starts(with: delimiter) else { throw malformed("it does not begin with its boundary") }
        var parts: [Part] = []
        var place = delimiter.count
        let next = Array("\r\n".utf8) + delimiter
        while !body[place...].starts(with: [UInt8(ascii: "-"), UInt8(ascii: "-")]) {
            guard body[place...].starts(with: lineBreak) else {
                throw malformed("a boundary is not at the end of its line")
            }
            guard parts.count < mostParts else { throw malformed("it has more than \(mostParts) parts") }
            guard let head = position(of: lineBreak + lineBreak, in: body, from: place) else {
                throw malformed("the headers of part \(parts.count + 1) do not end")
            }
            let start = head + 4
            // The content may be empty: its line break is that of the headers.
            guard let end = position(of: next, in: body, from: start - 2) else {
                throw malformed("part \(parts.count + 1) has no end")
            }
            let headers = String(decoding: body[min(place + 2, head)..<head], as: UTF8.self)
            parts.append(try part(headers, bytes: Array(body[start..<max(start, end)])))
            place = end + next.count
        }
        return parts
    }

    private static let lineBreak = Array("\r\n".utf8)

    private static func part(_ headers: String, bytes: [UInt8]) throws(APIError) -> Part {
        // Character is no unit here: it takes CR LF as one.
        let lines = headers.split(whereSeparator: \.isNewline)
        for line in lines where line.lowercased().hasPrefix("content-disposition:") {
            guard let name = parameter("name", of: String(line)) else { break }
            return Part(name: name, fileName: parameter("filename", of: String(line)), bytes: bytes)
        }
        throw malformed("a part has no name")
    }

    /// The value of `; name=value` or `; name="value"`.
    private static func parameter(_ name: String, of header: String) -> String? {
        for piece in header.split(separator: ";").dropFirst() {
            let text = piece.drop { $0 == " " }
            guard text.lowercased().hasPrefix("\(name)=") else { continue }
            let value = text.dropFirst(name.count + 1)
            guard value.hasPrefix("\"") else { return String(value.prefix { $0 != " " }) }
            return String(value.dropFirst().prefix { $0 != "\"" })
        }
        return nil
    }

    private static func position(of pattern: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        guard let first = pattern.first, start >= 0 else { return nil }
        return body.withUnsafeBufferPointer { body in
            var place = start
            while place + pattern.count <= body.count {
                guard let found = body[place...].firstIndex(of: first), found + pattern.count <= body.count else {
                    return nil
                }
                if pattern.indices.allSatisfy({ body[found + $0] == pattern[$0] }) { return found }
                place = found + 1
            }
            return nil
        }
    }

    private static func malformed(_ reason: String) -> APIError {
        APIError(400, "The body is not a valid multipart/form-data form: \(reason).")
    }
}

/// Collects the body of a request that a handler reads itself.
enum RequestBody {
    static func collect(_ request: inout Request, limit: Int) async throws -> ByteBuffer {
        // A declared length over the limit is rejected without reading the body.
        if let declared = request.headers[.contentLength].flatMap({ Int($0) }), declared > limit {
            throw APIError.tooLarge(limit)
        }
        do {
            return try await request.collectBody(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIError.tooLarge(limit)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ConnectionFailure(underlying: error)
        }
    }
}
