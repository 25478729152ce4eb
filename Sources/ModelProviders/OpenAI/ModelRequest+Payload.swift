package import JSON

extension ModelRequest {
    /// The request as a service that speaks OpenAI's chat completions gets it.
    package var payload: JSONValue {
        let dialect = OpenAIRequestBody.Dialect(isOfficial: true, isLlamaServer: false)
        return OpenAIRequestBody(request: self, dialect: dialect).document(streaming: false)
    }
}
