import AgentEngine
import JSON
import LettaAPI
import Synchronization

/// What agents knew at the end of their last turn, so that the next one need not read and understand it anew.
///
/// Whoever takes a context has to see that the database's mark is still the context's. A context has one user at a time,
/// the turn of its agent, and is gone from here meanwhile: a turn that fails leaves none.
final class ContextCache: Sendable {
    private struct Entry {
        let state: TurnState
        let number: Int
    }

    private struct Contents {
        var entries: [ID<AgentState>: Entry] = [:]
        var lastNumber = 0
    }

    private let contents = Mutex(Contents())
    private let limit: Int
    /// In bytes of what was said: about as much is kept for each agent.
    private static var largest: Int { 256 * 1_024 }

    /// - Parameter limit: how many contexts are kept; when there are more, the oldest is let go.
    init(limit: Int) {
        self.limit = limit
    }

    func take(_ agent: ID<AgentState>) -> TurnState? {
        contents.withLock { $0.entries.removeValue(forKey: agent)?.state }
    }

    /// Keeps what a turn has left, unless that is large or can't be told from what is old.
    func keep(_ state: TurnState) {
        guard state.mark != nil, Self.isSmall(state.history) else { return }
        contents.withLock { contents in
            contents.lastNumber += 1
            contents.entries[state.agent.id] = Entry(state: state, number: contents.lastNumber)
            guard contents.entries.count > limit,
                let oldest = contents.entries.min(by: { $0.value.number < $1.value.number })
            else { return }
            contents.entries[oldest.key] = nil
        }
    }

    private static func isSmall(_ history: [TurnMessage]) -> Bool {
        var size = 0
        for message in history {
            size += message.size
            if size > largest { return false }
        }
        return true
    }
}

extension TurnMessage {
    /// About how many bytes it takes.
    fileprivate var size: Int {
        parts.reduce(256) { $0 + $1.size }
    }
}

extension TurnMessage.Part {
    fileprivate var size: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .image(let image): if case .data(let base64, _, _) = image.source { base64.utf8.count } else { 0 }
        case .reasoning(let reasoning): reasoning.text.utf8.count + (reasoning.signature?.utf8.count ?? 0)
        case .toolCall(let call): call.arguments.utf8.count
        case .toolReturn(let result): result.result.string?.utf8.count ?? RawJSON(result.result).text.utf8.count
        }
    }
}
