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
}
