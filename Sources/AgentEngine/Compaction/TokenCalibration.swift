/// How many tokens of an agent's model one estimated token is, learned from what the provider reported.
///
/// Without a report the estimate gets a margin, because some services cut off what exceeds the window without a word.
package struct TokenCalibration: Sendable, Hashable {
    /// Reported tokens for each 1,000 estimated ones; nil until a provider has reported some.
    package private(set) var permille: Int?

    /// The ratio that is assumed before the first report.
    private static let unknown = 1_300
    /// What no tokenizer goes below. A report under it does not count the whole prompt.
    private static let lowest = 500
    private static let highest = 8_000
    /// More bytes and tokens than any request has.
    private static let largest = 1 << 40

    package init(permille: Int? = nil) {
        self.permille = permille.map { min(max($0, Self.lowest), Self.highest) }
    }

    /// The expected tokens for bytes of UTF-8, never too few as far as is known.
    package func tokens(bytes: Int) -> Int {
        scaled(bytes, by: permille ?? Self.unknown)
    }

    /// The expected tokens without the margin of an unknown model.
    package func plainTokens(bytes: Int) -> Int {
        scaled(bytes, by: permille ?? 1_000)
    }

    /// The bytes that take this many tokens.
    package func bytes(tokens: Int) -> Int {
        min(max(0, tokens), Self.largest) * 4 * 1_000 / (permille ?? Self.unknown)
    }

    /// Learns from a call that was answered. Rises at once and falls slowly: too high an estimate costs a few messages,
    /// too low a one the answer.
    package mutating func learn(bytes: Int, reported: Int) {
        let estimate = scaled(bytes, by: 1_000)
        guard estimate > 0, reported > 0, reported < 1 << 32 else { return }
        let ratio = reported * 1_000 / estimate
        guard ratio >= Self.lowest else { return }
        let next = permille.map { ratio >= $0 ? ratio : ($0 + ratio) / 2 } ?? ratio
        permille = min(next, Self.highest)
    }

    /// Learns from a call that the provider refused as too long: it has at least the tokens of the window.
    package mutating func learn(refusedBytes bytes: Int, window: Int) {
        let estimate = scaled(bytes, by: 1_000)
        guard estimate > 0 else { return }
        // A window that is configured too large would make the ratio useless.
        let ratio = min(min(max(0, window), Self.largest) * 1_000 / estimate, 4_000)
        permille = min(max(permille ?? 1_000, ratio), Self.highest)
    }

    private func scaled(_ bytes: Int, by permille: Int) -> Int {
        (min(max(0, bytes), Self.largest) + 3) / 4 * permille / 1_000
    }
}
