/// A part of a text that is searched as one passage.
package struct TextChunk: Sendable, Hashable {
    package var text: String
    /// Where it begins and ends in the whole text, in bytes of UTF-8.
    package var start: Int
    package var end: Int
    /// The page where it begins; nil for a text without pages.
    package var page: Int?
    /// The last Markdown heading at or before its beginning.
    package var heading: String?
}

/// Cuts texts into chunks that fit an embedding model.
///
/// A cut is made at the best place in reach: before a page or a heading, between paragraphs, between lines, between
/// sentences, between words, and only inside a word that is longer than a chunk. Blocks of code are not cut where that can
/// be avoided. A chunk repeats the end of the one before, up to an ``overlap``th of the size, unless a page or a heading
/// begins with it.
package enum TextChunks {
    /// The size of a chunk that is cut at a good place, as a part of the largest size.
    private static let leastShare = 2
    /// What a chunk repeats of the one before, as a part of the largest size.
    package static let overlap = 8
    /// Longer headings are cut, in bytes.
    private static let longestHeading = 200

    /// - Parameter size: of a chunk, in estimated tokens.
    package static func chunks(of text: String, size: Int) -> [TextChunk] {
        let bytes = Array(text.utf8)
        let most = max(size, 16) * TokenEstimate.bytesPerToken
        let structure = TextStructure(bytes)
        var chunks: [TextChunk] = []
        var start = 0
        while start < bytes.count {
            let cut = cut(bytes, from: start, most: most, structure)
            let part = trimmed(bytes, start..<cut.end)
            if !part.isEmpty {
                chunks.append(
                    TextChunk(
                        text: String(decoding: bytes[part], as: UTF8.self), start: part.lowerBound,
                        end: part.upperBound, page: structure.page(at: part.lowerBound),
                        heading: structure.heading(at: part.lowerBound).map { heading in
                            String(
                                decoding: bytes[
                                    heading.lowerBound..<min(heading.upperBound, heading.lowerBound + longestHeading)],
                                as: UTF8.self)
                        }))
            }
            start =
                cut.isSection || cut.end == bytes.count
                ? cut.end : repeated(bytes, before: cut.end, after: start, most: most / overlap, structure)
        }
        return chunks
    }

    /// Where the next chunk begins: at the first line or sentence in reach before the cut, or else at a word.
    private static func repeated(
        _ bytes: [UInt8], before end: Int, after start: Int, most: Int, _ structure: TextStructure
    ) -> Int {
        // Each chunk must begin behind the one before, and repeat no page or heading.
        let first = max(end - most, start + 1, structure.section(before: end))
        var word: Int?
        for place in first..<end where place > 0 {
            if bytes[place - 1] == lineFeed || endsSentence(bytes, at: place) { return place }
            if word == nil, bytes[place - 1] == space { word = place }
        }
        return word ?? end
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")

    /// The end of the chunk that begins at `start`, and whether a page or a heading begins there.
    private static func cut(
        _ bytes: [UInt8], from start: Int, most: Int, _ structure: TextStructure
    ) -> (end: Int, isSection: Bool) {
        guard bytes.count - start > most else {
            // A page or a heading that begins in the rest does not begin a chunk of its own: it fits.
            return (bytes.count, false)
        }
        let last = start + most
        let least = start + most / leastShare
        let section = structure.section(before: last + 1)
        if section > least { return (section, true) }
        var (paragraph, line, sentence, codeLine, word): (Int?, Int?, Int?, Int?, Int?)
        var place = last
        while place > least {
            let before = bytes[place - 1]
            let isCode = structure.isCode(at: place)
            if before == lineFeed {
                if isCode { codeLine = codeLine ?? place } else { line = line ?? place }
                if !isCode, place >= 2, bytes[place - 2] == lineFeed { paragraph = paragraph ?? place }
            } else if before == space || before >= 0x80 {
                if before == space { word = word ?? place }
                if !isCode, endsSentence(bytes, at: place) { sentence = sentence ?? place }
            }
            place -= 1
        }
        if let found = paragraph ?? line ?? sentence ?? codeLine ?? word { return (found, false) }
        // Not inside a character.
        var end = last
        while end > start + 1, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return (end, false)
    }

    /// Whether a sentence ends before this place: with a mark and a space, or with a mark of Chinese and Japanese.
    private static func endsSentence(_ bytes: [UInt8], at place: Int) -> Bool {
        if place >= 2, bytes[place - 1] == space { return ".!?".utf8.contains(bytes[place - 2]) }
        guard place >= 3, bytes[place - 1] >= 0x80 else { return false }
        return ["。", "！", "？"].contains { bytes[(place - 3)..<place].elementsEqual($0.utf8) }
    }

    private static func trimmed(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        func isSpace(_ byte: UInt8) -> Bool { byte == space || (0x09...0x0d).contains(byte) }
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        return start..<end
    }
}
