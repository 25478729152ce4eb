package import JSON

extension ModelRequest {
    /// The request as a service that speaks OpenAI's chat completions gets it.
    package var payload: some JSONWritable {
        OpenAIRequestBody(
            request: self, dialect: OpenAIRequestBody.Dialect(isOfficial: true, isLlamaServer: false),
            streaming: false)
    }
}
