package import JSON

extension ModelRequest {
    /// The request as OpenAI's chat completions receive it.
    package var payload: some JSONWritable {
        OpenAIRequestBody(
            request: self, dialect: OpenAIRequestBody.Dialect(isOfficial: true, isLlamaServer: false),
            streaming: false)
    }
}
