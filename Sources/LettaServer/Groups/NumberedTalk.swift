import AgentEngine

/// The messages that a companion reads, as numbered lines: its tools name parts of them by their numbers.
enum NumberedTalk {
    static let heading = "Messages:\n"

    static func text(of lines: [String]) -> String {
        lines.enumerated().map { "\($0). \($1)" }.joined(separator: "\n")
    }

    /// The lines of a text that has them behind its last heading.
    static func lines(in text: String) -> [String] {
        guard let start = text.ranges(of: heading).last?.upperBound else { return [] }
        var lines: [String] = []
        for line in text[start...].split(separator: "\n", omittingEmptySubsequences: false) {
            let number = "\(lines.count). "
            if line.hasPrefix(number) {
                lines.append(String(line.dropFirst(number.count)))
            } else if !lines.isEmpty {
                lines[lines.count - 1] += "\n\(line)"
            }
        }
        return lines
    }
}
