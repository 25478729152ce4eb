/// Capabilities of a model that its wire format does not tell.
package struct ModelTraits: Sendable, Hashable {
    package enum ToolCalls: Sendable, Hashable {
        /// In the wire format.
        case native
        /// The model may write them as text, and may ignore a required tool choice.
        case maybeText
        /// Not supported; servers drop the tools silently.
        case none
    }

    package var toolCalls: ToolCalls
    /// Whether the model needs a short prompt and few tools.
    package var isSmall: Bool
    /// Whether the model sees images, as its service says; nil when that says nothing. See ``ModelSight``.
    package var seesImages: Bool?

    package init(toolCalls: ToolCalls = .native, isSmall: Bool = false, seesImages: Bool? = nil) {
        self.toolCalls = toolCalls
        self.isSmall = isSmall
        self.seesImages = seesImages
    }

    /// The number of parameters up to which a model counts as small. Models of 0.5 and 1.5 billion parameters were
    /// observed to call tools when greeted and to overlook their memory in a long prompt.
    static let smallParameters: Int64 = 2_000_000_000
}
