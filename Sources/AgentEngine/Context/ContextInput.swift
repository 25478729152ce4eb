/// A labelled text that is always in the agent's view.
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

/// A file the agent may open; what of it is in view when it is open.
package struct AttachedFile: Sendable, Hashable {
    package var name: String
    package var description: String?
    /// The text in view; nil when the file is closed.
    package var openText: String?
    /// How much of a file may be in view, in characters.
    package var limit: Int

    package init(name: String, description: String? = nil, openText: String? = nil, limit: Int) {
        self.name = name
        self.description = description
        self.openText = openText
        self.limit = limit
    }
}

/// Everything an agent's system message is made from.
package struct ContextInput: Sendable {
    package var kind: AgentKind
    /// The agent's own system text; where it holds `{CORE_MEMORY}`, the memory goes there instead of to the end.
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
