/// What can be relied on with a model, beyond what its wire format promises.
package struct ModelTraits: Sendable, Hashable {
    package enum ToolCalls: Sendable, Hashable {
        /// They come as the wire format says.
        case native
        /// They may come as text instead, and a demand for one may be ignored.
        case maybeText
        /// The model knows no tools; servers drop them silently.
        case none
    }

    package var toolCalls: ToolCalls
    /// True where long prompts and lists of tools confuse the model more than they help.
    package var isSmall: Bool

    package init(toolCalls: ToolCalls = .native, isSmall: Bool = false) {
        self.toolCalls = toolCalls
        self.isSmall = isSmall
    }

    /// Models up to this size count as small: of those that were tried, the ones of half and of one and a half thousand
    /// million parameters call tools at a greeting and overlook their memory in a long prompt.
    static let smallParameters: Int64 = 2_000_000_000
}
