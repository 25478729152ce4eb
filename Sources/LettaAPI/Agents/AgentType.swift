public import JSON

/// The kinds of agents: which loop runs their turns and what they are given at birth.
public enum AgentType: String, Codable, Sendable, CaseIterable, JSONWritable {
    case memgpt = "memgpt_agent"
    case memgptV2 = "memgpt_v2_agent"
    case lettaV1 = "letta_v1_agent"
    case react = "react_agent"
    case workflow = "workflow_agent"
    case splitThread = "split_thread_agent"
    case sleeptime = "sleeptime_agent"
    case voiceConversation = "voice_convo_agent"
    case voiceSleeptime = "voice_sleeptime_agent"

    public func write(to writer: inout JSONWriter) {
        writer.value(rawValue)
    }
}

/// What the `include` parameter may ask for beside an agent's own fields.
public enum AgentInclusion: String, Codable, Sendable, CaseIterable {
    case blocks = "agent.blocks"
    case identities = "agent.identities"
    case managedGroup = "agent.managed_group"
    case pendingApproval = "agent.pending_approval"
    case secrets = "agent.secrets"
    case sources = "agent.sources"
    case tags = "agent.tags"
    case tools = "agent.tools"
}
