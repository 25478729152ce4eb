import LettaAPI
import Synchronization

/// The conversations of groups that are at work or wait, so that the deletion of a group can end them.
final class GroupTalks: Sendable {
    private struct Talk {
        let group: ID<Group>
        let control: TurnControl
        /// The turn of the agent that has the word; nil between turns.
        var speaking: TurnControl?
    }

    private let talks = Mutex<[ID<Run>: Talk]>([:])

    func begin(_ control: TurnControl, in group: ID<Group>) {
        talks.withLock { $0[control.run] = Talk(group: group, control: control) }
    }

    func end(_ control: TurnControl) {
        _ = talks.withLock { $0.removeValue(forKey: control.run) }
    }

    /// Notes whose turn it is.
    func give(_ turn: TurnControl?, theWordIn control: TurnControl) {
        talks.withLock { $0[control.run]?.speaking = turn }
    }

    /// Cancels the talks of a group.
    ///
    /// - Returns: the turns that are at work for them.
    func cancel(in group: ID<Group>, of organization: String, because reason: String) -> [TurnControl] {
        let stopped = talks.withLock { talks in
            talks.values.filter { $0.group == group && $0.control.organization == organization }
        }
        for talk in stopped { talk.control.cancel(because: reason) }
        return stopped.compactMap(\.speaking)
    }
}
