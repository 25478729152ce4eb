/// Walks once over the bytes of one document; the working part of `JSONParser`.
///
/// `bytes` must stay valid while the reader is used.
struct DocumentReader: ~Copyable {
    let bytes: UnsafePointer<UInt8>
    let count: Int
    let options: JSONParser.Options
    let depthLimit: Int
    var position = 0
    /// Where a string with escapes is put together.
    var scratch: [UInt8] = []
    private var elements = PendingValues<JSONValue>(capacity: 16)
    private var members = PendingValues<JSONObject.Element>(capacity: 16)

    init(bytes: UnsafePointer<UInt8>, count: Int, options: JSONParser.Options, depthLimit: Int) {
        self.bytes = bytes
        self.count = count
        self.options = options
        self.depthLimit = depthLimit
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard position == count else { throw error("Extra data") }
        return value
    }

    func error(_ reason: String, at offset: Int? = nil) -> JSONSyntaxError {
        JSONSyntaxError(offset: offset ?? position, reason: reason)
    }

    @inline(__always)
    private mutating func skipSpace() {
        while position < count {
            let byte = bytes[position]
            guard byte <= Byte.space,
                byte == Byte.space || byte == Byte.newline || byte == Byte.carriageReturn || byte == Byte.tab
            else { return }
            position &+= 1
        }
    }

    @inline(__always)
    private func isNext(_ byte: UInt8) -> Bool {
        position < count && bytes[position] == byte
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard position < count else { throw error("Expecting value") }
        switch bytes[position] {
        case Byte.quote:
            return .string(try string().text)
        case Byte.openBrace:
            return .object(try object(depth: depth + 1))
        case Byte.openBracket:
            return .array(try array(depth: depth + 1))
        case 0x74:
            try word("true")
            return .bool(true)
        case 0x66:
            try word("false")
            return .bool(false)
        case 0x6E:
            try word("null")
            return .null
        default:
            return try number()
        }
    }

    private mutating func word(_ word: StaticString) throws(JSONSyntaxError) {
        let length = word.utf8CodeUnitCount
        guard position + length <= count else { throw error("Expecting value") }
        for place in 0..<length where bytes[position + place] != word.utf8Start[place] {
            throw error("Expecting value")
        }
        position += length
    }

    private mutating func open(depth: Int) throws(JSONSyntaxError) {
        guard depth <= depthLimit else { throw error("Nested deeper than \(depthLimit) levels") }
        position &+= 1
        skipSpace()
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> [JSONValue] {
        try open(depth: depth)
        if isNext(Byte.closeBracket) {
            position &+= 1
            return []
        }
        let first = elements.count
        while true {
            elements.push(try value(depth: depth))
            skipSpace()
            if isNext(Byte.comma) {
                position &+= 1
                skipSpace()
            } else if isNext(Byte.closeBracket) {
                position &+= 1
                return elements.pop(from: first)
            } else {
                throw error("Expecting ',' delimiter")
            }
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONObject {
        try open(depth: depth)
        if isNext(Byte.closeBrace) {
            position &+= 1
            return JSONObject()
        }
        let first = members.count
        // One bit per kind of key seen: while a key's bit is clear, the key is new and nothing need be compared.
        var seen: UInt64 = 0
        // Where the keys stand; made when a bit clashes in an object with many keys.
        var places: [ByteKey: Int]?
        while true {
            guard isNext(Byte.quote) else { throw error("Expecting property name enclosed in double quotes") }
            let (key, mark) = try string()
            skipSpace()
            guard isNext(Byte.colon) else { throw error("Expecting ':' delimiter") }
            position &+= 1
            skipSpace()
            let value = try value(depth: depth)
            if seen & mark != 0, let place = place(of: key, from: first, &places) {
                members[first + place].value = value
            } else {
                members.push((key, value))
            }
            seen |= mark
            skipSpace()
            if isNext(Byte.comma) {
                position &+= 1
                skipSpace()
            } else if isNext(Byte.closeBrace) {
                position &+= 1
                return JSONObject(unique: members.pop(from: first), index: places)
            } else {
                throw error("Expecting ',' delimiter")
            }
        }
    }

    /// Finds a key among the members of an object read so far, or enters it in `places` as the next one.
    ///
    /// Walks while the members are few and hashes afterwards, so that very many keys cost no quadratic time.
    private func place(of key: String, from first: Int, _ places: inout [ByteKey: Int]?) -> Int? {
        let count = members.count - first
        guard count >= JSONObject.indexedAbove else {
            for place in 0..<count where members[first + place].key.hasSameBytes(as: key) { return place }
            return nil
        }
        var index = places ?? [:]
        places = nil
        // Members without a clash have not been entered yet.
        for place in index.count..<count { index[ByteKey(members[first + place].key)] = place }
        defer { places = index }
        return index[ByteKey(key)]
    }
}
