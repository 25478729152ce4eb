import Glibc
import Synchronization

/// Progress on standard error: a bar on a terminal, a line for every ten percent elsewhere.
final class ProgressBar: Sendable {
    private static let width = 30

    private struct State {
        var noun = ""
        var tenth = -1
        var isLineOpen = false
    }

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    func show(_ noun: String, _ done: Int, _ total: Int) {
        let fraction = total > 0 ? min(1, Double(done) / Double(total)) : 1
        let text = state.withLock { state -> String in
            defer { state.noun = noun }
            if isTerminal {
                let ended = state.noun != noun && state.isLineOpen ? "\n" : ""
                state.isLineOpen = true
                let filled = Int(fraction * Double(Self.width))
                let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
                return "\(ended)\r[\(bar)] \(noun): \(done) of \(total)   "
            }
            if state.noun != noun { state.tenth = -1 }
            let tenth = Int(fraction * 10)
            guard tenth != state.tenth else { return "" }
            state.tenth = tenth
            return "\(noun): \(done) of \(total)\n"
        }
        Self.write(text)
    }

    func end() {
        let wasOpen = state.withLock { state in
            defer { state.isLineOpen = false }
            return state.isLineOpen
        }
        if wasOpen { Self.write("\n") }
    }

    /// One line for one of several.
    static func line(_ number: Int, _ count: Int, _ text: String) {
        write("[\(number)/\(count)] \(text)\n")
    }

    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
