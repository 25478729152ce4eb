/// A labelled text that is always in the agent's context.
package struct MemoryBlock: Sendable, Hashable {
    package var label: String
    package var description: String?
    package var value: String
    /// In characters; shown to the agent, not enforced here.
    package var limit: Int
    package var readOnly: Bool

    package init(label: String, description: String? = nil, value: String, limit: Int, readOnly: Bool = false) {
        self.label = label
        self.description = description
        self.value = value
        self.limit = limit
        self.readOnly = readOnly
    }
}

/// A folder attached to the agent, with its files.
package struct AttachedFolder: Sendable, Hashable {
    package var name: String
    package var description: String?
    package var instructions: String?
    package var files: [AttachedFile]

    package init(name: String, description: String? = nil, instructions: String? = nil, files: [AttachedFile]) {
        self.name = name
        self.description = description
        self.instructions = instructions
        self.files = files
    }
}

/// A file that the agent can open, with its visible part if it is open.
package struct AttachedFile: Sendable, Hashable {
    package var name: String
    package var description: String?
    /// The visible text; nil when the file is closed.
    package var openText: String?
    /// The maximum size of the visible part of a file, in characters.
    package var limit: Int

    package init(name: String, description: String? = nil, openText: String? = nil, limit: Int) {
        self.name = name
        self.description = description
        self.openText = openText
        self.limit = limit
    }
}

/// The input of an agent's system message.
package struct ContextInput: Sendable {
    package var kind: AgentKind
    /// The agent's own system text; `{CORE_MEMORY}` in it is replaced by the memory, which otherwise goes to the end.
    package var system: String
    package var blocks: [MemoryBlock] = []
    package var toolRules: [ToolRule] = []
    package var folders: [AttachedFolder] = []
    package var maximumFilesOpen = 0
    package var agentID: String
    package var conversationID = "default"
    package var zone = "UTC"
    /// Microseconds since 1970 UTC.
    package var compiledAt: Int64
    /// Stored messages that are not in the context.
    package var previousMessages = 0
    package var archivalPassages = 0
    package var archivalTags: [String] = []
    /// The `model_endpoint_type` of the agent's model, which decides whether lines are numbered.
    package var modelEndpointType: String

    package init(
        kind: AgentKind, system: String, agentID: String, compiledAt: Int64, modelEndpointType: String
    ) {
        self.kind = kind
        self.system = system
        self.agentID = agentID
        self.compiledAt = compiledAt
        self.modelEndpointType = modelEndpointType
    }
}
