import JSON
import LettaAPI

/// The texts that rows are found by: names, labels and tags.
enum KeyText {
    /// In bytes of UTF-8: PostgreSQL takes 2,704 into an index, of all of its columns together.
    static let longest = 2_000

    /// - Throws: `APIError` 422 naming the field when one of the texts is too long.
    static func check(_ field: String, _ texts: String?...) throws {
        try check(field, texts)
    }

    static func check(_ field: String, _ texts: [String?]?) throws {
        for case .some(let text) in texts ?? [] where text.utf8.count > longest {
            throw APIError.invalidField(
                field, "the text may have up to \(longest) bytes and has \(text.utf8.count)", input: .string(text))
        }
    }
}
