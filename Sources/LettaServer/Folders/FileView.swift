import AgentEngine

/// The part of a file that an agent sees, with numbered lines.
struct FileView: Sendable {
    /// Empty for an empty file.
    var text: String
    /// The lines that it shows, counted from 0.
    var lines: Range<Int>
    /// Whether the view begins with the file and was not asked to end before it.
    var isWhole: Bool

    /// The beginning of a file.
    ///
    /// - Parameter limit: the size of the text in characters.
    init(of content: String, limit: Int) {
        self.init(of: Self.lines(of: content), shown: nil, limit: limit)
    }

    /// - Parameters:
    ///   - offset: the lines to skip.
    ///   - length: the lines to show; nil for as many as fit.
    /// - Throws: `ToolFailure` for a view behind the end.
    init(of content: String, offset: Int, length: Int?, limit: Int, named name: String) throws(ToolFailure) {
        let lines = Self.lines(of: content)
        guard offset == 0 || offset < lines.count else {
            throw .value("Offset \(offset) for file \(name) is beyond its end: it has \(lines.count) lines")
        }
        let end = length.map { offset + min($0, lines.count - offset) } ?? lines.count
        self.init(of: lines, shown: offset > 0 || length != nil ? offset..<end : nil, limit: limit)
    }

    private init(of all: [Substring], shown: Range<Int>?, limit: Int) {
        lines = shown ?? all.indices
        isWhole = shown == nil
        guard !all.isEmpty else {
            text = ""
            return
        }
        let place = shown.map { "lines \($0.lowerBound + 1) to \($0.upperBound)" } ?? "file start"
        let numbered = lines.map { "\($0 + 1): \(all[$0])" }
        let whole = "[Viewing \(place) (out of \(all.count) lines)]\n" + numbered.joined(separator: "\n")
        text = String(String.UnicodeScalarView(whole.unicodeScalars.prefix(limit)))
    }

    private static func lines(of content: String) -> [Substring] {
        var lines = content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}
