public import JSON

/// What fills an agent's context window, part by part, with estimated token counts.
public struct ContextWindow: Decodable, Sendable, JSONWritable {
    /// One text of the context and its size.
    public struct Part: Sendable {
        public var text: String?
        public var tokens: Int

        public init(text: String?, tokens: Int) {
            self.text = text
            self.tokens = tokens
        }
    }

    public var sizeMax: Int
    public var sizeCurrent: Int
    /// Messages in the context.
    public var messageCount: Int
    public var archivalMemoryCount: Int
    /// All stored messages of the agent.
    public var recallMemoryCount: Int
    public var externalMemorySummary: Part
    public var system: Part
    public var coreMemory: Part
    public var memoryFilesystem: Part
    public var toolUsageRules: Part
    public var directories: Part
    public var summaryMemory: Part
    public var functionTokens: Int
    public var functions: [RawJSON]
    public var messageTokens: Int
    public var messages: [Message]

    public init(sizeMax: Int) {
        let empty = Part(text: nil, tokens: 0)
        self.sizeMax = sizeMax
        sizeCurrent = 0
        messageCount = 0
        archivalMemoryCount = 0
        recallMemoryCount = 0
        externalMemorySummary = Part(text: "", tokens: 0)
        system = Part(text: "", tokens: 0)
        coreMemory = Part(text: "", tokens: 0)
        memoryFilesystem = empty
        toolUsageRules = empty
        directories = empty
        summaryMemory = empty
        functionTokens = 0
        functions = []
        messageTokens = 0
        messages = []
    }

    enum CodingKeys: String, CodingKey {
        case messages, directories, externalMemorySummary, coreMemory, memoryFilesystem, toolUsageRules, summaryMemory
        case sizeMax = "context_window_size_max"
        case sizeCurrent = "context_window_size_current"
        case messageCount = "num_messages"
        case archivalMemoryCount = "num_archival_memory"
        case recallMemoryCount = "num_recall_memory"
        case externalMemorySummaryTokens = "num_tokens_external_memory_summary"
        case systemTokens = "num_tokens_system"
        case system = "system_prompt"
        case coreMemoryTokens = "num_tokens_core_memory"
        case memoryFilesystemTokens = "num_tokens_memory_filesystem"
        case toolUsageRulesTokens = "num_tokens_tool_usage_rules"
        case directoriesTokens = "num_tokens_directories"
        case summaryMemoryTokens = "num_tokens_summary_memory"
        case functionTokens = "num_tokens_functions_definitions"
        case functions = "functions_definitions"
        case messageTokens = "num_tokens_messages"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func part(_ text: CodingKeys, _ tokens: CodingKeys) throws -> Part {
            Part(
                text: try fields.decodeIfPresent(String.self, forKey: text),
                tokens: try fields.decode(Int.self, forKey: tokens))
        }
        sizeMax = try fields.decode(Int.self, forKey: .sizeMax)
        sizeCurrent = try fields.decode(Int.self, forKey: .sizeCurrent)
        messageCount = try fields.decode(Int.self, forKey: .messageCount)
        archivalMemoryCount = try fields.decode(Int.self, forKey: .archivalMemoryCount)
        recallMemoryCount = try fields.decode(Int.self, forKey: .recallMemoryCount)
        externalMemorySummary = try part(.externalMemorySummary, .externalMemorySummaryTokens)
        system = try part(.system, .systemTokens)
        coreMemory = try part(.coreMemory, .coreMemoryTokens)
        memoryFilesystem = try part(.memoryFilesystem, .memoryFilesystemTokens)
        toolUsageRules = try part(.toolUsageRules, .toolUsageRulesTokens)
        directories = try part(.directories, .directoriesTokens)
        summaryMemory = try part(.summaryMemory, .summaryMemoryTokens)
        functionTokens = try fields.decode(Int.self, forKey: .functionTokens)
        functions = try fields.decode(.functions, or: [])
        messageTokens = try fields.decode(Int.self, forKey: .messageTokens)
        messages = try fields.decode([Message].self, forKey: .messages)
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("context_window_size_max", sizeMax)
            $0.field("context_window_size_current", sizeCurrent)
            $0.field("num_messages", messageCount)
            $0.field("num_archival_memory", archivalMemoryCount)
            $0.field("num_recall_memory", recallMemoryCount)
            $0.field("num_tokens_external_memory_summary", externalMemorySummary.tokens)
            $0.field("external_memory_summary", externalMemorySummary.text)
            $0.field("num_tokens_system", system.tokens)
            $0.field("system_prompt", system.text)
            $0.field("num_tokens_core_memory", coreMemory.tokens)
            $0.field("core_memory", coreMemory.text)
            $0.field("num_tokens_memory_filesystem", memoryFilesystem.tokens)
            $0.field("memory_filesystem", memoryFilesystem.text)
            $0.field("num_tokens_tool_usage_rules", toolUsageRules.tokens)
            $0.field("tool_usage_rules", toolUsageRules.text)
            $0.field("num_tokens_directories", directories.tokens)
            $0.field("directories", directories.text)
            $0.field("num_tokens_summary_memory", summaryMemory.tokens)
            $0.field("summary_memory", summaryMemory.text)
            $0.field("num_tokens_functions_definitions", functionTokens)
            $0.field("functions_definitions", functions)
            $0.field("num_tokens_messages", messageTokens)
            $0.field("messages", messages)
        }
    }
}
