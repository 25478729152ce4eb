/// The kinds of agent a client may ask for: each has its own prompt, tools, rules and first messages.
///
/// Raw values are the `agent_type` of the wire.
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

    /// What an agent is when the client does not say.
    package static let standard = AgentKind.lettaV1

    /// Throws when an agent of this kind cannot be created with these settings.
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

    /// True when the agent works on another agent's memory in the background and has no companion of its own.
    package var isSleeptime: Bool { self == .sleeptime || self == .voiceSleeptime }
}

/// Why an agent of some kind is not made.
package enum AgentKindRefusal: Error, Equatable {
    /// The name is known, but nothing runs such agents any more.
    case notSupported(AgentKind)
    /// The kind only works together with a sleeptime companion.
    case needsSleeptime(AgentKind)
}
