/// Tells, while a text is streamed, whether its end may become a tool call: then it is held back.
enum CallPrefix {
    /// What may precede the object of a call, spaces and line feeds aside.
    private static let marks = ["<tool_call>", "```json", "```", "[", "{"].map { Array($0.unicodeScalars) }
    /// The keys that the object of a call may begin with.
    private static let keys = ["name", "arguments", "parameters", "function", "type", "id"]
        .map { Array("\"\($0)\"".unicodeScalars) }
    /// How far a key may be from the start of the call, in scalars, so that a hostile text takes linear time.
    private static let reach = 64

    /// Where a possible call begins; nil when all of the text is certainly prose.
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
                // The text may end in the middle of a marker.
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
