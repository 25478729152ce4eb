/// Tells, while a text comes in pieces, whether what stands at its end may become a tool call: then it is not shown.
enum CallPrefix {
    /// What may stand before the object of a call, spaces and line ends aside.
    private static let marks = ["<tool_call>", "```json", "```", "[", "{"].map { Array($0.unicodeScalars) }
    /// The keys that the object of a call may begin with.
    private static let keys = ["name", "arguments", "parameters", "function", "type", "id"]
        .map { Array("\"\($0)\"".unicodeScalars) }
    /// How far a key may be from where the call begins, in scalars; so a hostile text costs no more than its length.
    private static let reach = 64

    /// Where what may be a call begins; nil when all of the text is surely prose.
    static func start(in text: String.UnicodeScalarView) -> String.UnicodeScalarView.Index? {
        var rest = text[...]
        while let start = rest.firstIndex(where: { $0 == "{" || $0 == "`" || $0 == "<" || $0 == "[" }) {
            if mayBecomeCall(text[start...].prefix(reach)) { return start }
            rest = text[text.index(after: start)...]
        }
        return nil
    }

    private static func mayBecomeCall(_ text: Substring.UnicodeScalarView) -> Bool {
        let isCutOff = text.count == reach
        var rest = text
        var hasBrace = false
        while let first = rest.first, first != "\"" {
            guard let mark = marks.first(where: { rest.starts(with: $0) }) else {
                // The text may end in the middle of a mark.
                return !isCutOff && marks.contains { $0.starts(with: rest) }
            }
            hasBrace = hasBrace || mark == ["{"]
            rest = rest.dropFirst(mark.count).drop(while: isSpace)
        }
        guard !rest.isEmpty else { return !isCutOff }
        return hasBrace && keys.contains { rest.starts(with: $0) || $0.starts(with: rest) }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\n" || scalar == "\r" || scalar == "\t"
    }
}
