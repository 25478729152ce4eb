/// Writes JSON text piece by piece, without building a value first.
///
/// The writer puts commas, spaces and line breaks itself. One writer writes one value: what stands at the top is
/// written once. Strings keep their non-ASCII letters. Compact and spaced text never contains a line break.
public struct JSONWriter: Sendable {
    public enum Style: Sendable {
        case compact
        /// `", "` and `": "`, as Python's `json.dumps` does.
        case spaced
        /// One member per line, indented by so many spaces per level.
        case indented(Int)
    }

    fileprivate enum Place {
        case first, afterKey, afterValue
    }

    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []
    let style: Style
    private var place = Place.first
    private var level = 0

    public init(style: Style = .compact, capacity: Int = 1024) {
        self.style = style
        bytes.reserveCapacity(capacity)
    }

    public static func bytes(of value: some JSONWritable, style: Style = .compact) -> [UInt8] {
        var writer = JSONWriter(style: style)
        value.write(to: &writer)
        return writer.bytes
    }

    public static func string(of value: some JSONWritable, style: Style = .compact) -> String {
        String(decoding: bytes(of: value, style: style), as: UTF8.self)
    }
}

// MARK: Structure

extension JSONWriter {
    /// Writes an object as the next value; `body` writes its fields.
    @inlinable
    public mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        beginObject()
        try body(&self)
        endObject()
    }

    /// Writes an array as the next value; `body` writes its elements.
    @inlinable
    public mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        beginArray()
        try body(&self)
        endArray()
    }

    /// Inside an object: one member. Keys are not checked for being given twice.
    @inlinable
    public mutating func field(_ key: String, _ value: some JSONWritable) {
        writeKey(key)
        value.write(to: &self)
    }

    @inlinable
    public mutating func nestedObject(_ key: String, _ body: (inout JSONWriter) throws -> Void) rethrows {
        writeKey(key)
        try object(body)
    }

    @inlinable
    public mutating func nestedArray(_ key: String, _ body: (inout JSONWriter) throws -> Void) rethrows {
        writeKey(key)
        try array(body)
    }

    /// Inside an array: one element.
    @inlinable
    public mutating func element(_ value: some JSONWritable) {
        value.write(to: &self)
    }

    /// Whatever comes next: an element, the value of a key, or the whole document.
    @inlinable
    public mutating func value(_ value: some JSONWritable) {
        value.write(to: &self)
    }

    /// Splices bytes that already are one JSON value. Except in the indented style their line breaks are left out.
    public mutating func raw(_ bytes: some Collection<UInt8>) {
        beginValue()
        if case .indented = style {
            self.bytes.append(contentsOf: bytes)
        } else if Self.hasLineBreak(bytes) {
            // Valid JSON has line breaks only between its parts, where they mean nothing.
            self.bytes.append(contentsOf: bytes.lazy.filter { !Self.isLineBreak($0) })
        } else {
            self.bytes.append(contentsOf: bytes)
        }
        place = .afterValue
    }

    private static func hasLineBreak(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.withContiguousStorageIfAvailable { bytes in
            guard let start = bytes.baseAddress else { return false }
            return endOfLine(start, from: 0, to: bytes.count) < bytes.count
        } ?? bytes.contains(where: isLineBreak)
    }

    private static func isLineBreak(_ byte: UInt8) -> Bool {
        byte == Byte.newline || byte == Byte.carriageReturn
    }

    @usableFromInline
    mutating func beginObject() {
        begin(Byte.openBrace)
    }

    @usableFromInline
    mutating func endObject() {
        end(Byte.closeBrace)
    }

    @usableFromInline
    mutating func beginArray() {
        begin(Byte.openBracket)
    }

    @usableFromInline
    mutating func endArray() {
        end(Byte.closeBracket)
    }

    @inline(__always)
    private mutating func begin(_ bracket: UInt8) {
        beginValue()
        bytes.append(bracket)
        place = .first
        level &+= 1
    }

    @inline(__always)
    private mutating func end(_ bracket: UInt8) {
        level &-= 1
        if place == .afterValue { breakLine() }
        bytes.append(bracket)
        place = .afterValue
    }

    @usableFromInline
    mutating func writeKey(_ key: String) {
        writeKey(key, isVerbatim: true)
    }

    mutating func writeKey(_ key: String, isVerbatim: Bool) {
        beginValue()
        if isVerbatim { appendQuoted(key) } else { key.withWireName { appendQuoted($0) } }
        bytes.append(Byte.colon)
        if case .compact = style {} else { bytes.append(Byte.space) }
        place = .afterKey
    }

    /// Writes what separates the next value, or key, from what stands before it.
    @inline(__always)
    private mutating func beginValue() {
        switch place {
        case .afterKey:
            return
        case .first:
            if level > 0 { breakLine() }
        case .afterValue:
            bytes.append(Byte.comma)
            if case .spaced = style { bytes.append(Byte.space) } else { breakLine() }
        }
    }

    /// Where the text ends, to come back to when what follows fails.
    struct Mark {
        fileprivate var length: Int
        fileprivate var place: Place
        fileprivate var level: Int
    }

    var mark: Mark { Mark(length: bytes.count, place: place, level: level) }

    mutating func rewind(to mark: Mark) {
        bytes.removeLast(bytes.count - mark.length)
        (place, level) = (mark.place, mark.level)
    }

    @inline(__always)
    private mutating func breakLine() {
        guard case .indented(let width) = style else { return }
        bytes.append(Byte.newline)
        bytes.append(contentsOf: repeatElement(Byte.space, count: level * width))
    }
}

// MARK: Scalars

extension JSONWriter {
    mutating func write(_ word: StaticString) {
        beginValue()
        append(word)
        place = .afterValue
    }

    mutating func write(_ text: String) {
        beginValue()
        appendQuoted(text)
        place = .afterValue
    }

    mutating func write<Integer: FixedWidthInteger>(_ integer: Integer) {
        beginValue()
        place = .afterValue
        if integer >= 0, integer < 10 {
            bytes.append(Byte.zero &+ UInt8(truncatingIfNeeded: integer))
            return
        }
        var rest = UInt64(integer.magnitude)
        // Twenty digits hold any UInt64.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var first = 20
            repeat {
                first &-= 1
                digits[first] = Byte.zero &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if integer < 0 { bytes.append(Byte.minus) }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[first..<20]))
        }
    }

    /// As Python writes a float: whole ones with `.0`, an exponent from 1e16 on. What is not finite becomes null.
    mutating func write(_ double: Double) {
        guard double.isFinite else { return write("null" as StaticString) }
        beginValue()
        place = .afterValue
        if double.magnitude >= 0x1p53, double.magnitude < 1e16 {
            // Swift takes the exponent from 2^53 on. All doubles in this range are whole.
            bytes.append(contentsOf: "\(Int64(double)).0".utf8)
        } else {
            bytes.append(contentsOf: double.description.utf8)
        }
    }

    private mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func appendQuoted(_ text: String) {
        var text = text
        text.withUTF8 { appendQuoted($0) }
    }

    private mutating func appendQuoted(_ utf8: UnsafeBufferPointer<UInt8>) {
        bytes.append(Byte.quote)
        defer { bytes.append(Byte.quote) }
        guard let start = utf8.baseAddress else { return }
        var copied = 0
        while true {
            let next = endOfPlainText(start, from: copied, to: utf8.count)
            bytes.append(contentsOf: UnsafeBufferPointer(start: start + copied, count: next &- copied))
            guard next < utf8.count else { return }
            appendEscaped(start[next])
            copied = next &+ 1
        }
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case Byte.quote: append("\\\"")
        case Byte.backslash: append("\\\\")
        case Byte.newline: append("\\n")
        case Byte.carriageReturn: append("\\r")
        case Byte.tab: append("\\t")
        case 0x08: append("\\b")
        case 0x0C: append("\\f")
        default:
            append(byte < 0x10 ? "\\u000" : "\\u001")
            let digit = byte & 0x0F
            bytes.append(digit < 10 ? Byte.zero + digit : 0x57 + digit)
        }
    }
}
