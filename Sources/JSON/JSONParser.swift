/// Says where and why a text is not JSON.
///
/// The reasons are worded, and the places chosen, as Python's `json` module does, because API clients of a
/// Python server have learned to read those.
public struct JSONSyntaxError: Error, Hashable, CustomStringConvertible {
    /// Counted in bytes from the start of the text.
    public var offset: Int
    public var reason: String

    public init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    public var description: String { "\(reason) (byte \(offset))" }
}

/// Reads JSON text, strictly by RFC 8259, into a `JSONValue`.
///
/// Refused: `NaN`, leading zeros, a byte order mark, trailing bytes, control characters in strings, bytes that are not
/// UTF-8, numbers no `Double` can hold. Of a key given twice the last value wins, at the place of the first.
/// Whole numbers outside `Int64` become `Double`.
public struct JSONParser: Sendable {
    public struct Options: OptionSet, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// Reads an escaped half of a surrogate pair as U+FFFD; otherwise it is a syntax error.
        public static let replaceLoneSurrogates = Options(rawValue: 1)
        /// Drops U+0000 from strings and keys.
        public static let removeNUL = Options(rawValue: 2)
    }

    /// What any parser allows at most: each level takes stack.
    static let deepest = 1024

    let options: Options
    let depthLimit: Int

    /// - Parameter depthLimit: how many arrays and objects may be open at once; never more than 1,024.
    public init(options: Options = [], depthLimit: Int = 512) {
        self.options = options
        self.depthLimit = min(depthLimit, Self.deepest)
    }

    public func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONSyntaxError) -> JSONValue {
        guard let start = bytes.baseAddress else { throw JSONSyntaxError(offset: 0, reason: "Expecting value") }
        var reader = DocumentReader(
            bytes: start.assumingMemoryBound(to: UInt8.self), count: bytes.count, options: options,
            depthLimit: depthLimit)
        return try reader.document()
    }

    public func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONValue {
        try bytes.withUnsafeBytes(result).get()
    }

    public func parse(_ text: String) throws(JSONSyntaxError) -> JSONValue {
        var text = text
        return try text.withUTF8 { result(UnsafeRawBufferPointer($0)) }.get()
    }

    /// Carries a typed error through closures that only rethrow untyped ones.
    private func result(_ bytes: UnsafeRawBufferPointer) -> Result<JSONValue, JSONSyntaxError> {
        do throws(JSONSyntaxError) {
            return .success(try parse(bytes))
        } catch {
            return .failure(error)
        }
    }
}
