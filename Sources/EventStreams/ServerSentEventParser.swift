/// One event of a `text/event-stream`.
package struct ServerSentEvent: Sendable, Equatable {
    /// The `event` field; nil when it is absent.
    package var name: String?
    package var data: [UInt8]
    /// The `id` field, from which a stream can be resumed; nil when it is absent.
    package var id: String?

    package init(name: String? = nil, data: [UInt8], id: String? = nil) {
        self.name = name
        self.data = data
        self.id = id
    }
}

/// An incremental parser of `text/event-stream`: the bytes may arrive in chunks of any size.
///
/// Lines end with LF, CR or CRLF; comments and unknown fields are skipped. An incomplete event at the end of the stream
/// is dropped. `limit` bounds the length of a line and of the data of an event.
package struct ServerSentEventParser: Sendable {
    package struct LimitExceeded: Error, Equatable {
        package init() {}
    }

    package static let defaultLimit = 10 * 1_024 * 1_024

    private let limit: Int
    private var line: [UInt8] = []
    private var data: [UInt8]?
    private var name: String?
    private var id: String?
    private var lastWasCarriageReturn = false
    private var isFirstLine = true

    package init(limit: Int = defaultLimit) {
        self.limit = limit
    }

    /// Parses the next bytes and returns the events they complete.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(LimitExceeded) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var start = bytes.startIndex
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
                lastWasCarriageReturn = false
                continue
            }
            let endsCRLF = byte == UInt8(ascii: "\n") && lastWasCarriageReturn
            lastWasCarriageReturn = byte == UInt8(ascii: "\r")
            if !endsCRLF {
                try append(bytes[start..<index])
                if let event = try endLine() { events.append(event) }
            }
            start = index + 1
        }
        try append(bytes[start...])
        return events
    }

    private mutating func append(_ part: Slice<UnsafeRawBufferPointer>) throws(LimitExceeded) {
        guard line.count + part.count <= limit else { throw LimitExceeded() }
        line.append(contentsOf: part)
    }

    private mutating func endLine() throws(LimitExceeded) -> ServerSentEvent? {
        defer {
            line.removeAll(keepingCapacity: line.capacity <= 65_536)
            isFirstLine = false
        }
        var content = line[...]
        if isFirstLine, content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        guard !content.isEmpty else { return endEvent() }
        let colon = content.firstIndex(of: UInt8(ascii: ":")) ?? content.endIndex
        var value = content[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        if content[..<colon].elementsEqual("data".utf8) {
            try addData(value)
        } else if content[..<colon].elementsEqual("event".utf8) {
            name = String(decoding: value, as: UTF8.self)
        } else if content[..<colon].elementsEqual("id".utf8) {
            id = String(decoding: value, as: UTF8.self)
        }
        return nil
    }

    private mutating func addData(_ value: ArraySlice<UInt8>) throws(LimitExceeded) {
        guard var joined = data else {
            data = Array(value)
            return
        }
        data = nil
        guard joined.count + value.count < limit else { throw LimitExceeded() }
        joined.append(UInt8(ascii: "\n"))
        joined.append(contentsOf: value)
        data = joined
    }

    private mutating func endEvent() -> ServerSentEvent? {
        defer {
            data = nil
            name = nil
            id = nil
        }
        return data.map { ServerSentEvent(name: name, data: $0, id: id) }
    }
}
