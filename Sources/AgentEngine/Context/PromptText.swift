/// How a conversation that exceeds its window is compacted; raw values are the `mode` of the compaction settings.
package enum CompactionMode: String, Sendable, Hashable, CaseIterable {
    /// A separate request summarizes everything but the system message.
    case all
    /// A separate request summarizes the oldest part; the rest remains.
    case slidingWindow = "sliding_window"
    /// The agent itself, in its own conversation, summarizes everything.
    case selfAll = "self_compact_all"
    /// The agent itself summarizes the oldest part.
    case selfSlidingWindow = "self_compact_sliding_window"
}

/// The built-in texts: system prompts, summarizer prompts, descriptions of well-known blocks.
///
/// The long ones are files in `Prompts/`, embedded in the binary.
package enum PromptText {
    /// The system prompt of an agent created without one.
    package static func system(for kind: AgentKind) -> String {
        switch kind {
        case .lettaV1: lettaV1
        case .memgptV2, .splitThread: memgptV2
        case .memgpt: memgpt
        case .react: react
        case .workflow: workflow
        case .sleeptime: sleeptime
        case .voiceConversation: voice
        case .voiceSleeptime: voiceSleeptime
        }
    }

    /// What a summarizer is shown to have answered to its prompt.
    package static let summaryAcknowledgement =
        "Understood. I answer with a summary of the conversation and nothing else."

    /// The summarizer's prompt: a system prompt, or for the self modes a last user message.
    package static func compaction(_ mode: CompactionMode) -> String {
        switch mode {
        case .all: summaryAll
        case .slidingWindow: summarySlidingWindow
        case .selfAll: summarySelfAll
        case .selfSlidingWindow: summarySelfSlidingWindow
        }
    }

    /// The default description of a block; nil for labels without one.
    package static func blockDescription(label: String) -> String? {
        switch label {
        case "human":
            "What you know about the person you talk with: name, life, preferences, plans. Update it as you learn more."
        case "persona":
            "Who you are: your character, your manner, how you should behave. Update it as you develop."
        default:
            nil
        }
    }

    /// The label of the block that only a sleep-time companion has, and its initial value.
    package static let memoryPersonaLabel = "memory_persona"
    package static let memoryPersona = text(PackageResources.memory_persona_txt)

    /// The prompt of a small model for its answers.
    static let smallModelAnswer = text(PackageResources.small_answer_txt)
    /// The prompt of a model that must call one of the tools listed at `{TOOLS}`.
    static let forcedCall = text(PackageResources.forced_call_txt)

    private static let lettaV1 = text(PackageResources.letta_v1_txt)
    private static let memgptV2 = text(PackageResources.memgpt_v2_chat_txt)
    private static let memgpt = text(PackageResources.memgpt_chat_txt)
    private static let react = text(PackageResources.react_txt)
    private static let workflow = text(PackageResources.workflow_txt)
    private static let sleeptime = text(PackageResources.sleeptime_txt)
    private static let voice = text(PackageResources.voice_chat_txt)
    private static let voiceSleeptime = text(PackageResources.voice_sleeptime_txt)
    private static let summaryAll = text(PackageResources.summary_all_txt)
    private static let summarySlidingWindow = text(PackageResources.summary_sliding_window_txt)
    private static let summarySelfAll = text(PackageResources.summary_self_all_txt)
    private static let summarySelfSlidingWindow = text(PackageResources.summary_self_sliding_window_txt)

    /// A file's text without its final line feed.
    private static func text(_ bytes: [UInt8]) -> String {
        let end = bytes.lastIndex { $0 != UInt8(ascii: "\n") } ?? -1
        return String(decoding: bytes[...end], as: UTF8.self)
    }
}
