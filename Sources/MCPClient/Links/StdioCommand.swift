/// The command of a server on this machine. It runs only if it begins with the words of an entry of the operator's list.
package struct StdioCommand: Sendable {
    package var words: [String]
    package var environment: [String: String]

    package init(words: [String], environment: [String: String]) {
        self.words = words
        self.environment = environment
    }
}

/// The programs that an operator lets this server start, and whether they reach the network.
package struct StdioAllowList: Sendable {
    package struct Entry: Sendable, Equatable {
        package var words: [String]
        package var mayUseNetwork: Bool
        /// False where this machine can't keep what it starts from making user namespaces.
        package var canForbidNamespaces = true
    }

    package var entries: [Entry] = []

    package init() {}

    /// Reads commands, one a line or separated by semicolons, the words separated by blanks. The first word is the
    /// absolute path of a program; `+network` before it lets the program use the network.
    ///
    /// - Returns: nil when a program is not an absolute path.
    package init?(_ text: String) {
        for line in text.split(whereSeparator: { $0 == "\n" || $0 == ";" }) {
            var words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard !words.isEmpty else { continue }
            let mayUseNetwork = words[0] == "+network"
            if mayUseNetwork { words.removeFirst() }
            guard let program = words.first, program.hasPrefix("/") else { return nil }
            entries.append(Entry(words: words, mayUseNetwork: mayUseNetwork))
        }
    }

    package func entry(for command: StdioCommand) -> Entry? {
        entries.first { command.words.starts(with: $0.words) }
    }
}
