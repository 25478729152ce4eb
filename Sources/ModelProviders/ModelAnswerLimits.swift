import EventStreams

/// How much of one answer is read and kept, several times what models produce. What arrived before a limit is kept, and
/// the answer finishes with ``ModelFinishReason/limit``.
package enum ModelAnswerLimits {
    /// Bytes of text, reasoning and arguments together.
    package static let content = 16 * 1_024 * 1_024
    /// Bytes of the arguments of one tool call.
    package static let arguments = 1_024 * 1_024
    package static let toolCalls = 64
    /// Tokens whose log probabilities are kept.
    static let logprobs = 32_768
    /// Bytes of one event of a stream.
    static let event = ServerSentEventParser.defaultLimit
    /// Bytes of a stream, most of which are the frames around its deltas.
    static let stream = 128 * 1_024 * 1_024
}
