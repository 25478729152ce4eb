import JSON
import LettaAPI

/// The texts that rows are found by: names, labels and tags, and what is looked for in others.
enum KeyText {
    /// In bytes of UTF-8: PostgreSQL takes 2,704 into an index, of all of its columns together.
    static let longest = 2_000

    /// - Throws: `APIError` 422 naming the field when one of the texts is too long.
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
