/// Where the pages, the Markdown headings and the blocks of code of a text are.
struct TextStructure {
    /// Where pages begin but the first one; empty for a text without pages.
    private var pages: [Int] = []
    private var hasPages = false
    /// Where headings begin, and their texts.
    private var headings: [(start: Int, text: Range<Int>)] = []
    /// Pages and headings, in order.
    private var sections: [Int] = []
    private var code: [Range<Int>] = []

    init(_ bytes: [UInt8]) {
        var lineStart = 0
        var fence: (start: Int, mark: UInt8)?
        for place in 0...bytes.count {
            let isEnd = place == bytes.count
            guard isEnd || bytes[place] == UInt8(ascii: "\n") || bytes[place] == 0x0c else { continue }
            let line = lineStart..<place
            if let mark = Self.fence(bytes, line) {
                if let open = fence, open.mark == mark {
                    code.append(open.start..<place)
                    fence = nil
                } else if fence == nil {
                    fence = (line.lowerBound, mark)
                }
            } else if fence == nil, let text = Self.heading(bytes, line) {
                headings.append((line.lowerBound, text))
                sections.append(line.lowerBound)
            }
            lineStart = place + 1
            guard !isEnd, bytes[place] == 0x0c else { continue }
            hasPages = true
            pages.append(place + 1)
            if sections.last != place + 1 { sections.append(place + 1) }
            // A page ends what was left open.
            if let open = fence { code.append(open.start..<place) }
            fence = nil
        }
        if let open = fence { code.append(open.start..<bytes.count) }
    }

    /// The page of a place, from 1; nil for a text without pages.
    func page(at place: Int) -> Int? {
        hasPages ? Self.count(pages.count, upTo: place) { pages[$0] } + 1 : nil
    }

    func heading(at place: Int) -> Range<Int>? {
        let count = Self.count(headings.count, upTo: place) { headings[$0].start }
        return count > 0 ? headings[count - 1].text : nil
    }

    /// The last beginning of a page or a heading before a place; 0 when there is none.
    func section(before place: Int) -> Int {
        let count = Self.count(sections.count, upTo: place - 1) { sections[$0] }
        return count > 0 ? sections[count - 1] : 0
    }

    /// Whether a cut at this place is inside a block of code.
    func isCode(at place: Int) -> Bool {
        let count = Self.count(code.count, upTo: place - 1) { code[$0].lowerBound }
        return count > 0 && place < code[count - 1].upperBound
    }

    /// The number of the sorted values that are not above a limit.
    private static func count(_ count: Int, upTo limit: Int, _ value: (Int) -> Int) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if value(middle) <= limit { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The mark of a line that begins or ends a block of code: three backticks or tildes.
    private static func fence(_ bytes: [UInt8], _ line: Range<Int>) -> UInt8? {
        let text = bytes[line].drop { $0 == UInt8(ascii: " ") }
        guard let mark = text.first, mark == UInt8(ascii: "`") || mark == UInt8(ascii: "~") else { return nil }
        return text.prefix(3).count { $0 == mark } == 3 ? mark : nil
    }

    /// The text of a heading: one to six number signs and a space before it.
    private static func heading(_ bytes: [UInt8], _ line: Range<Int>) -> Range<Int>? {
        let marks = bytes[line].prefix(7).prefix { $0 == UInt8(ascii: "#") }.count
        guard (1...6).contains(marks), marks + 1 < line.count, bytes[line.lowerBound + marks] == UInt8(ascii: " ")
        else {
            return nil
        }
        return line.lowerBound + marks + 1..<line.upperBound
    }
}
