import ModelProviders

extension TurnFailure {
    package static let systemPromptOverflowType = "context_window_exceeded"

    /// The system message alone exceeds the window, which no compaction can change.
    package static func systemPromptOverflow(tokens: Int, window: Int) -> TurnFailure {
        var failure = TurnFailure(
            type: systemPromptOverflowType, message: "The system prompt exceeds the context window.",
            detail: """
                CONTEXT_WINDOW_EXCEEDED: The system prompt tokens \(tokens) exceeds the context window \(window). Please \
                reduce the size of your system prompt, memory blocks, or increase the context window. \
                ({'system_prompt_token_estimate': \(tokens), 'context_window': \(window)})
                """, status: 400)
        failure.isPermanent = true
        return failure
    }
}
