/// Decides which messages leave the context when it is compacted.
package struct ContextCut: Sendable, Hashable {
    /// The messages that are summarized.
    package var evicted: Range<Int>
    /// Whether later messages remain that are no part of the running turn.
    package var isPartial: Bool

    /// The share of the window that a compacted context may take, in percent.
    package static let goal = 70

    /// The cut of a mode; nil when it leaves nothing to summarize, or too much in the context.
    ///
    /// - Parameters:
    ///   - share: how many of the messages a partial cut takes out at least, from 0 to 1.
    ///   - tail: the first message that must remain, because the running turn is at work on it.
    ///   - fits: whether the context may keep the messages from a place on.
    package init?(
        _ mode: CompactionMode, of history: [TurnMessage], share: Double = 0.3, tail: Int? = nil,
        fits: (Int) -> Bool
    ) {
        let first = Self.first(in: history)
        let end = min(tail ?? history.count, history.count)
        guard first < end else { return nil }
        switch mode {
        case .all, .selfAll:
            evicted = first..<end
            isPartial = false
        case .slidingWindow, .selfSlidingWindow:
            guard let cut = Self.partial(history, first, end, share: share, fits: fits) else { return nil }
            evicted = first..<cut
            isPartial = true
        }
        // The summary of a summary helps nobody.
        if evicted.count == 1, PackedText.isAlert(history[first].text ?? "") { return nil }
    }

    /// The first message after the system message.
    private static func first(in history: [TurnMessage]) -> Int {
        history.first?.role == .system ? 1 : 0
    }

    /// A tenth more at a time, up to an assistant message, so that calls stay with their results.
    private static func partial(
        _ history: [TurnMessage], _ first: Int, _ end: Int, share: Double, fits: (Int) -> Bool
    ) -> Int? {
        var share = share.isFinite ? min(max(share, 0.01), 1) : 1
        while share < 0.995 {
            let least = max(first + 1, Int((Double(history.count) * share).rounded()))
            guard least < end else { return nil }
            if let cut = history[least..<end].firstIndex(where: { $0.role == .assistant }), fits(cut) { return cut }
            share += 0.1
        }
        return nil
    }

    /// The first message of what the model has not answered yet: the user's newest messages, or the newest calls with
    /// their results. The count of the messages when there is none.
    package static func tail(of history: [TurnMessage], isAtWork: Bool) -> Int {
        guard let last = history.last else { return 0 }
        let start = history.lastIndex { $0.role == .assistant } ?? history.startIndex - 1
        switch last.role {
        case .assistant:
            // Calls that wait for a decision.
            return last.toolCalls.isEmpty ? history.count : history.count - 1
        case .tool:
            return isAtWork ? max(start, 0) : history.count
        case .user, .system:
            guard isAtWork else { return history.count }
            // A summary, or the system message, is no message that waits for an answer.
            let run = last.runID
            let own = history[(start + 1)...].firstIndex { $0.runID == run && run != nil }
            // Results, and answers to calls that waited, stay with the calls.
            if let own, history[own].role == .tool { return max(start, first(in: history)) }
            return max(own ?? history.count - 1, first(in: history))
        }
    }
}
