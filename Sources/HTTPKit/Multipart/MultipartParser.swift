import Glibc
package import LettaAPI

/// Reads the parts of a `multipart/form-data` body (RFC 7578) as its bytes arrive.
///
/// Holds no more than a chunk of the body and the header of a part.
package struct MultipartParser: Sendable {
    private enum Place {
        case preamble, header, content, epilogue
    }

    private static let longestHeader = 16 << 10
    private static let longestBoundary = 70

    private let delimiter: [UInt8]
    private var place = Place.preamble
    /// What has arrived and is not read yet. A line break in front makes the first delimiter like the others.
    private var rest = Array("\r\n".utf8)

    /// - Parameter contentType: the header of the request.
    /// - Throws: `MultipartFailure` when it names no form or no boundary.
    package init(contentType: String?) throws(MultipartFailure) {
        let fields = HeaderFields(contentType ?? "")
        guard fields.value.lowercased() == "multipart/form-data", let boundary = fields["boundary"],
            (1...Self.longestBoundary).contains(boundary.utf8.count)
        else { throw .notAForm }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Whether the last part has ended.
    package var isAtEnd: Bool { place == .epilogue }

    /// - Throws: `MultipartFailure` for what is no form.
    package mutating func read(_ bytes: some Sequence<UInt8>) throws(MultipartFailure) -> [MultipartEvent] {
        guard place != .epilogue else { return [] }
        rest += bytes
        var events: [MultipartEvent] = []
        while let found = try next() { events += found }
        return events
    }

    /// - Returns: nil when more bytes are needed.
    private mutating func next() throws(MultipartFailure) -> [MultipartEvent]? {
        switch place {
        case .preamble:
            guard let start = rest.position(of: delimiter) else {
                guard rest.count <= Self.longestHeader else { throw .malformed("no part begins") }
                return nil
            }
            guard let isLast = try afterDelimiter(at: start) else { return nil }
            place = isLast ? .epilogue : .header
            return isLast ? nil : []
        case .header:
            guard let part = try header() else { return nil }
            place = .content
            return [.part(part)]
        case .content:
            return try content()
        case .epilogue:
            return nil
        }
    }

    private mutating func content() throws(MultipartFailure) -> [MultipartEvent]? {
        guard let start = rest.position(of: delimiter) else {
            // The end may be the beginning of a delimiter.
            let count = rest.count - delimiter.count
            guard count > 0 else { return nil }
            defer { rest.removeFirst(count) }
            return [.bytes(Array(rest[..<count]))]
        }
        let bytes = Array(rest[..<start])
        guard let isLast = try afterDelimiter(at: start) else {
            rest.removeFirst(start)
            return bytes.isEmpty ? nil : [.bytes(bytes)]
        }
        place = isLast ? .epilogue : .header
        return (bytes.isEmpty ? [] : [.bytes(bytes)]) + [.end]
    }

    /// Drops everything up to the end of the delimiter's line.
    ///
    /// - Returns: whether it ends the form; nil when its line is not whole yet, and then drops nothing.
    private mutating func afterDelimiter(at start: Int) throws(MultipartFailure) -> Bool? {
        let line = rest[(start + delimiter.count)...]
        guard line.count >= 2 else { return nil }
        if line.starts(with: "--".utf8) {
            rest = []
            return true
        }
        let padding = line.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
        let end = line.dropFirst(padding)
        guard end.count >= 2 else {
            guard padding < Self.longestHeader else { throw .malformed("the line of a boundary does not end") }
            return nil
        }
        guard end.starts(with: "\r\n".utf8) else { throw .malformed("a boundary is followed by other bytes") }
        rest.removeFirst(start + delimiter.count + padding + 2)
        return false
    }

    /// - Returns: nil when the header is not whole yet.
    private mutating func header() throws(MultipartFailure) -> MultipartPart? {
        let end: Int
        let size: Int
        if rest.starts(with: "\r\n".utf8) {
            (end, size) = (0, 2)
        } else if let found = rest.position(of: Array("\r\n\r\n".utf8)) {
            (end, size) = (found, found + 4)
        } else {
            guard rest.count <= Self.longestHeader else { throw .malformed("the header of a part is too long") }
            return nil
        }
        let text = String(decoding: rest[..<end], as: UTF8.self)
        rest.removeFirst(size)
        var part = MultipartPart()
        for line in text.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let fields = HeaderFields(line[line.index(after: colon)...])
            switch line[..<colon].lowercased() {
            case "content-disposition":
                part.name = fields["name"] ?? ""
                part.fileName = fields["filename"]
            case "content-type": part.contentType = fields.value
            default: break
            }
        }
        return part
    }
}

/// Why a body is no form.
package enum MultipartFailure: Error, Sendable, Hashable, CustomStringConvertible {
    case notAForm
    case malformed(String)

    package var description: String {
        switch self {
        case .notAForm: "The body is no form. Send it as multipart/form-data."
        case .malformed(let reason): "The form can't be read: \(reason)."
        }
    }
}

/// The value of a header with its parameters: `form-data; name="file"; filename="a.txt"`.
private struct HeaderFields {
    let value: String
    private var parameters: [String: String] = [:]

    init(_ text: some StringProtocol) {
        var fields: [String] = [""]
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
                continue
            } else if character == "\"" {
                isQuoted.toggle()
                continue
            } else if character == ";", !isQuoted {
                fields.append("")
                continue
            }
            fields[fields.count - 1].append(character)
        }
        value = fields[0].trimmed
        for field in fields.dropFirst() {
            guard let equals = field.firstIndex(of: "=") else { continue }
            let name = field[..<equals].trimmed.lowercased()
            let value = field[field.index(after: equals)...].trimmed
            // `filename*` (RFC 5987) has the name in UTF-8, percent-encoded; it wins.
            if name == "filename*" {
                parameters["filename"] = Substring(value).split(
                    separator: "'", maxSplits: 2, omittingEmptySubsequences: false
                ).last.map { PercentCoding.decode($0.utf8, plusIsSpace: false) }
            } else if parameters[name] == nil {
                parameters[name] = value
            }
        }
    }

    subscript(name: String) -> String? { parameters[name] }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

extension [UInt8] {
    /// Where `bytes` first occur.
    fileprivate func position(of bytes: [UInt8]) -> Int? {
        withUnsafeBytes { whole in
            guard let base = whole.baseAddress, let first = bytes.first else { return nil }
            var place = 0
            while whole.count - place >= bytes.count {
                guard let found = memchr(base + place, Int32(first), whole.count - place - bytes.count + 1) else {
                    return nil
                }
                place = UnsafeRawPointer(found) - base
                if memcmp(base + place, bytes, bytes.count) == 0 { return place }
                place += 1
            }
            return nil
        }
    }
}
