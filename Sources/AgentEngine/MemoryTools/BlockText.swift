/// Searches and splits block values by bytes: canonically equivalent texts are different, and a line ends at a line
/// feed, as for clients in Python.
enum BlockText {
    /// The occurrences of `text` in `value`, from the left and without overlaps; none when it is empty.
    static func ranges(of text: String, in value: String) -> [Range<Int>] {
        let (needle, hay) = (Array(text.utf8), Array(value.utf8))
        guard let first = needle.first, needle.count <= hay.count else { return [] }
        var ranges: [Range<Int>] = []
        var place = 0
        while place <= hay.count - needle.count {
            if hay[place] == first, hay[place..<place + needle.count].elementsEqual(needle) {
                ranges.append(place..<place + needle.count)
                place += needle.count
            } else {
                place += 1
            }
        }
        return ranges
    }

    static func replacing(_ ranges: [Range<Int>], in value: String, with text: String) -> String {
        let bytes = Array(value.utf8)
        var result: [UInt8] = []
        var copied = 0
        for range in ranges {
            result += bytes[copied..<range.lowerBound]
            result += text.utf8
            copied = range.upperBound
        }
        result += bytes[copied...]
        return String(decoding: result, as: UTF8.self)
    }

    /// The distinct lines in which the ranges begin, counted from 1.
    static func lines(of ranges: [Range<Int>], in value: String) -> [Int] {
        let bytes = Array(value.utf8)
        var lines: [Int] = []
        var (line, counted) = (1, 0)
        for range in ranges {
            line += bytes[counted..<range.lowerBound].count { $0 == UInt8(ascii: "\n") }
            counted = range.lowerBound
            if lines.last != line { lines.append(line) }
        }
        return lines
    }

    static func lines(of text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// Throws when a line starts with a number and an arrow (`2→ text`), as the prompt shows lines to some models.
    static func refuseLineNumbers(in text: String, argument: String) throws(ToolFailure) {
        let isNumbered = lines(of: text).contains { line in
            let rest = line.unicodeScalars.drop { $0 == " " || $0 == "\t" }
            let digits = rest.prefix { ("0"..."9").contains($0) }
            return !digits.isEmpty && rest.dropFirst(digits.count).first == "→"
        }
        guard !isNumbered else {
            throw .value(
                "\(argument) contains a line number prefix, which is not allowed. Do not include line numbers when "
                    + "calling memory tools (line numbers are for display purposes only).")
        }
    }
}
