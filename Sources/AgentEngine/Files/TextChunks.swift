/// A part of a text that is searched as one passage.
package struct TextChunk: Sendable, Hashable {
    package var text: String
    /// Where it begins and ends in the whole text, in bytes of UTF-8.
    package var start: Int
    package var end: Int
    /// The page where it begins; nil for a text without pages.
    package var page: Int?
}

/// Cuts texts into chunks that fit an embedding model.
///
/// A cut is made at the best place in reach: before a heading, between paragraphs, between lines, between sentences,
/// between words, and only inside a word that is longer than a chunk. Chunks don't overlap: together they are the text,
/// without the white space around them.
package enum TextChunks {
    /// The size of a chunk that is cut at a good place, as a part of the largest size.
    private static let leastShare = 2

    /// - Parameter size: of a chunk, in estimated tokens.
    package static func chunks(of text: String, size: Int) -> [TextChunk] {
        let bytes = Array(text.utf8)
        let most = max(size, 16) * TokenEstimate.bytesPerToken
        let hasPages = bytes.contains(formFeed)
        var chunks: [TextChunk] = []
        var start = 0
        var page = 1
        while start < bytes.count {
            let end = cut(bytes, from: start, most: most)
            let part = trimmed(bytes, start..<end)
            page += hasPages ? bytes[start..<part.lowerBound].count { $0 == formFeed } : 0
            if !part.isEmpty {
                chunks.append(
                    TextChunk(
                        text: String(decoding: bytes[part], as: UTF8.self), start: part.lowerBound,
                        end: part.upperBound, page: hasPages ? page : nil))
            }
            page += hasPages ? bytes[part.lowerBound..<end].count { $0 == formFeed } : 0
            start = end
        }
        return chunks
    }

    private static let formFeed: UInt8 = 0x0c
    private static let lineFeed = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")

    /// The end of the chunk that begins at `start`.
    private static func cut(_ bytes: [UInt8], from start: Int, most: Int) -> Int {
        guard bytes.count - start > most else { return bytes.count }
        let last = start + most
        let least = start + most / leastShare
        var paragraph: Int?
        var line: Int?
        var sentence: Int?
        var word: Int?
        var place = last
        while place > least {
            let before = bytes[place - 1]
            if before == formFeed || (before == lineFeed && isHeading(bytes, at: place)) { return place }
            if before == lineFeed {
                line = line ?? place
                if place >= 2, bytes[place - 2] == lineFeed { paragraph = paragraph ?? place }
            } else if before == space {
                word = word ?? place
                if place >= 2, ".!?".utf8.contains(bytes[place - 2]) { sentence = sentence ?? place }
            }
            place -= 1
        }
        if let found = paragraph ?? line ?? sentence ?? word { return found }
        // Not inside a character.
        var end = last
        while end > start + 1, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return end
    }

    /// Whether a Markdown heading begins here.
    private static func isHeading(_ bytes: [UInt8], at place: Int) -> Bool {
        let marks = bytes[place...].prefix(7).prefix { $0 == UInt8(ascii: "#") }.count
        return (1...6).contains(marks) && place + marks < bytes.count && bytes[place + marks] == space
    }

    private static func trimmed(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        func isSpace(_ byte: UInt8) -> Bool { byte == space || (0x09...0x0d).contains(byte) }
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        return start..<end
    }
}
