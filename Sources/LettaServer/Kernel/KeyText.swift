import JSON
import LettaAPI

/// Checks texts that are keys: the length of indexed texts (names, labels, tags) and of search texts, and the names of
/// environment variables.
enum KeyText {
    /// In bytes of UTF-8. PostgreSQL limits an index entry, with all of its columns, to 2,704 bytes.
    static let longest = 2_000

    /// - Throws: `APIError` 422 that names the field when a text is too long.
    static func check(_ field: String, _ texts: String?..., in place: String = "body") throws {
        try check(field, texts, in: place)
    }

    static func check(_ field: String, _ texts: [String?]?, in place: String = "body") throws {
        for case .some(let text) in texts ?? [] where text.utf8.count > longest {
            throw APIError.invalidField(
                field, "the text may have up to \(longest) bytes and has \(text.utf8.count)", input: .string(text),
                in: place)
        }
    }

    /// Checks names of environment variables, which can be any text without `=` and NUL that is not empty.
    ///
    /// - Throws: `APIError` 422 that names the field and the name.
    static func checkVariables(_ field: String, _ names: some Sequence<String>, in place: String = "body") throws {
        for name in names where name.isEmpty || name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == 0 }) {
            throw APIError.invalidField(
                field, "the name of an environment variable must not be empty or have an '='", input: .string(name),
                in: place)
        }
        try check(field, Array(names), in: place)
    }
}
