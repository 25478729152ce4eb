/// The types of agent that a client can request: each has its own prompt, tools, rules and first messages.
///
/// Raw values are the `agent_type` on the wire.
package enum AgentKind: String, Sendable, Hashable, CaseIterable {
    case memgpt = "memgpt_agent"
    case memgptV2 = "memgpt_v2_agent"
    case lettaV1 = "letta_v1_agent"
    case react = "react_agent"
    case workflow = "workflow_agent"
    case splitThread = "split_thread_agent"
    case sleeptime = "sleeptime_agent"
    case voiceConversation = "voice_convo_agent"
    case voiceSleeptime = "voice_sleeptime_agent"

    /// The default type.
    package static let standard = AgentKind.lettaV1

    /// Throws when an agent of this type cannot be created with these settings.
    package func checkCreatable(enableSleeptime: Bool) throws(AgentKindRefusal) {
        switch self {
        case .splitThread:
            throw .notSupported(self)
        case .voiceConversation where !enableSleeptime:
            throw .needsSleeptime(self)
        default:
            return
        }
    }

    /// True when the agent edits another agent's memory in the background and has no companion of its own.
    package var isSleeptime: Bool { self == .sleeptime || self == .voiceSleeptime }
}

/// Why an agent of a type cannot be created.
package enum AgentKindRefusal: Error, Equatable {
    /// The type is known but no longer supported.
    case notSupported(AgentKind)
    /// The type requires a sleep-time companion.
    case needsSleeptime(AgentKind)
}
