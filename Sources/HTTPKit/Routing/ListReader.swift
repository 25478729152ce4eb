import HTTPTypes
import Hummingbird
import JSON
import LettaAPI
import NIOCore

/// What the bounds of a list mean, and how its pages are ordered.
package enum ListOrder: Sendable {
    /// `after` and `before` follow the requested order.
    ///
    /// - Parameter zeroIsAll: whether a `limit` of 0 gives all elements, or none.
    case requested(zeroIsAll: Bool)
    /// The bounds are in time, whatever the order: a list from the newest element on goes on `before` its last one.
    ///
    /// - Parameter zeroIsAll: whether a `limit` of 0 gives all elements, or none.
    case inTime(zeroIsAll: Bool)
    /// Bounds in time, and pages in ascending order: unless the oldest elements are requested, a page is cut from the
    /// newest end. A `limit` of 0 gives no elements.
    case chronological
}

/// Responds with a list of any length in bounded memory.
///
/// A long list is read in pieces, successive keyset pages that are a transaction each. One that fits in ``bufferSize`` is
/// sent as a whole. A longer one is streamed: a piece is read when the client has taken the one before, so that a slow
/// client holds neither a transaction nor memory.
struct ListReader<Query: PageQuery, Element: Decodable & JSONWritable>: Sendable {
    /// In elements.
    static var pieceSize: Int { 100 }
    /// In bytes.
    static var bufferSize: Int { 1 << 20 }

    let query: Query
    let order: ListOrder
    let read: @Sendable (Query) async throws -> Page<Element>

    /// The elements of one piece as JSON, without brackets.
    private struct Piece: Sendable {
        var json: [UInt8]
        var cursors: Set<String>
        var next: String?

        init(_ page: Page<Element>, without sent: Set<String> = []) {
            let cursors = page.items.map { ($0 as? any ListElement)?.cursor }
            let items = zip(page.items, cursors).filter { $1.map { !sent.contains($0) } ?? true }.map(\.0)
            json = Array(JSONWriter.bytes(of: items).dropFirst().dropLast())
            self.cursors = Set(cursors.compactMap { $0 })
            next = page.next
        }
    }

    /// The response's body, the cursor of the next page, and whether that is a `before`.
    typealias Reading = (body: ResponseBody, next: String?, isBackwards: Bool)

    func response(status: Int, target: String) async throws -> Response {
        let reading =
            if let limit = query.limit, limit > Self.pieceSize || limit == 0 && isZeroAll {
                try await long(limit: limit == 0 ? .max : limit)
            } else {
                try await whole(query)
            }
        var headers = PageLink.headers(target: target, next: reading.next, as: reading.isBackwards ? "before" : "after")
        headers[.contentType] = "application/json"
        return Response(status: HTTPResponse.Status(code: status), headers: headers, body: reading.body)
    }

    private var isZeroAll: Bool {
        switch order {
        case .requested(let zeroIsAll), .inTime(let zeroIsAll): zeroIsAll
        case .chronological: false
        }
    }

    /// Whether the next page is `before` this one, whatever bounds the query has.
    private var isNewestFirst: Bool {
        if case .requested = order { false } else { query.order != .ascending }
    }

    private func whole(_ query: Query) async throws -> Reading {
        let page = try await read(query)
        return (Self.body(JSONWriter.bytes(of: page.items)), page.next, isNewestFirst || page.isBackwards)
    }

    private func long(limit: Int) async throws -> Reading {
        if case .chronological = order, isNewestFirst { return try await backwards(limit: limit) }
        guard case .requested = order, query.before != nil, query.after == nil else {
            return try await forwards(limit: limit)
        }
        // A bound that names nothing is ignored, so only the first piece shows the direction.
        return try await piece(from: nil, limit: limit).isBackwards
            ? backwards(limit: limit) : forwards(limit: limit)
    }

    private static func body(_ json: [UInt8]) -> ResponseBody {
        ResponseBody(byteBuffer: ByteBuffer(bytes: json))
    }

    // MARK: From the start to the end

    private func piece(from cursor: String?, limit: Int) async throws -> Page<Element> {
        var query = query
        if isNewestFirst { query.before = cursor } else { query.after = cursor }
        query.limit = min(limit, Self.pieceSize)
        return try await read(query)
    }

    private func forwards(limit: Int) async throws -> Reading {
        var buffer: [UInt8] = []
        var (cursor, rest) = (isNewestFirst ? query.before : query.after, limit)
        repeat {
            let piece = Piece(try await piece(from: cursor, limit: rest))
            Self.append(piece.json, to: &buffer)
            rest -= min(rest, Self.pieceSize)
            guard let next = piece.next, rest > 0 else {
                return (Self.body([0x5B] + buffer + [0x5D]), piece.next, isNewestFirst)
            }
            cursor = next
        } while buffer.count < Self.bufferSize
        let next = limit == .max ? nil : try await end(from: cursor, limit: rest)
        let body = ResponseBody { [buffer, cursor, rest] writer in
            try await writer.write(ByteBuffer(bytes: [0x5B] + buffer))
            var (cursor, rest) = (cursor, rest)
            while true {
                let piece = Piece(try await piece(from: cursor, limit: rest))
                if !piece.json.isEmpty { try await writer.write(ByteBuffer(bytes: [0x2C] + piece.json)) }
                rest -= min(rest, Self.pieceSize)
                guard let next = piece.next, rest > 0 else { break }
                cursor = next
            }
            try await writer.write(ByteBuffer(bytes: [0x5D]))
            try await writer.finish(nil)
        }
        return (body, next, isNewestFirst)
    }

    /// The cursor of the page after this one: it is in the headers, which come before the elements.
    private func end(from start: String?, limit: Int) async throws -> String? {
        var (cursor, rest) = (start, limit)
        while rest > 0 {
            guard let next = try await piece(from: cursor, limit: rest).next else { return nil }
            cursor = next
            rest -= min(rest, Self.pieceSize)
        }
        return cursor
    }

    // MARK: From the end to the start

    /// Reads a page whose end alone is known. The pieces are sent from the first to the last, so those that do not fit
    /// in the buffer are read a second time.
    private func backwards(limit: Int) async throws -> Reading {
        var (queries, buffered): ([Query], [[UInt8]]) = ([], [])
        var (size, rest) = (0, limit)
        var next: String?
        var query = query
        while true {
            query.limit = min(rest, Self.pieceSize)
            let piece = Piece(try await read(query))
            size += piece.json.count
            if size <= Self.bufferSize || queries.isEmpty { buffered.append(piece.json) }
            queries.append(query)
            rest -= min(rest, Self.pieceSize)
            next = piece.next
            guard rest > 0, let next else { break }
            query.before = next
        }
        if buffered.count == queries.count {
            var json: [UInt8] = [0x5B]
            var elements: [UInt8] = []
            for piece in buffered.reversed() { Self.append(piece, to: &elements) }
            json += elements + [0x5D]
            return (Self.body(json), next, true)
        }
        return (Self.body(of: queries, ending: buffered, read), next, true)
    }

    /// Streams the pieces from the last query's to the first one's; the first ones are read already.
    private static func body(
        of queries: [Query], ending buffered: [[UInt8]],
        _ read: @escaping @Sendable (Query) async throws -> Page<Element>
    ) -> ResponseBody {
        ResponseBody { writer in
            try await writer.write(ByteBuffer(bytes: [0x5B]))
            var sent: Set<String> = []
            var isFirst = true
            for index in queries.indices.reversed() {
                var json = index < buffered.count ? buffered[index] : []
                if index >= buffered.count {
                    // Where elements were deleted meanwhile, the piece reaches back into the one before.
                    let piece = Piece(try await read(queries[index]), without: sent)
                    (json, sent) = (piece.json, piece.cursors)
                }
                guard !json.isEmpty else { continue }
                try await writer.write(ByteBuffer(bytes: (isFirst ? [] : [0x2C]) + json))
                isFirst = false
            }
            try await writer.write(ByteBuffer(bytes: [0x5D]))
            try await writer.finish(nil)
        }
    }

    private static func append(_ json: [UInt8], to buffer: inout [UInt8]) {
        guard !json.isEmpty else { return }
        if !buffer.isEmpty { buffer.append(0x2C) }
        buffer += json
    }
}
