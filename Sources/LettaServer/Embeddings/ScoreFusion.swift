/// Adds up the scores of several signals, each normalised to its mean and deviation.
///
/// Summed normalised scores find more than the fusion of ranks, which forgets how much better the first is than the second.
enum ScoreFusion {
    struct Signal<Item: Hashable> {
        let weight: Double
        /// An item without a score has the mean.
        let scores: [Item: Double]
    }

    /// The scores of all items that a signal knows.
    static func sums<Item: Hashable>(_ signals: [Signal<Item>]) -> [Item: Double] {
        var sums: [Item: Double] = [:]
        for signal in signals {
            let count = Double(signal.scores.count)
            let mean = signal.scores.values.reduce(0, +) / max(count, 1)
            let variance = signal.scores.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(count, 1)
            // Equal scores say nothing.
            let scale = variance > 1e-12 ? signal.weight / variance.squareRoot() : 0
            for (item, score) in signal.scores { sums[item, default: 0] += (score - mean) * scale }
        }
        return sums
    }
}
