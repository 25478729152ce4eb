import JSON
import NIOHTTP1

extension ProviderFailure {
    /// What an error response says, whatever of the known shapes its body has.
    static func openAI(status: Int, headers: HTTPHeaders, body: [UInt8]) -> ProviderFailure {
        let document = try? JSONParser(options: OpenAIProvider.parserOptions).parse(body)  // may be a proxy's HTML page
        let error = document.map(OpenAIError.init) ?? OpenAIError(message: nil, code: nil)
        return ProviderFailure(
            kind(status: status, error), status: status, message: error.message ?? "HTTP status \(status)",
            retryAfter: retryAfter(headers))
    }

    /// What an error says that comes as an event of a stream, after a head that promised success.
    static func openAI(event error: JSONValue) -> ProviderFailure {
        let status = error["code"]?.int.flatMap { (400...599).contains($0) ? Int($0) : nil } ?? 500
        let parsed = OpenAIError(.object(["error": error]))
        return ProviderFailure(
            kind(status: status, parsed), status: status, message: parsed.message ?? "The provider broke off.")
    }

    private static func kind(status: Int, _ error: OpenAIError) -> Kind {
        switch status {
        // Ollama answers so for models whose templates have no place for tools.
        case 400 where error.isAboutTools: .toolsNotSupported
        case 401: .authentication
        case 402: .insufficientCredits
        case 403: .permissionDenied
        case 404: .notFound
        case 408: .timeout
        case 422: error.isAboutContext ? .contextWindowExceeded : .unprocessable
        case 429: error.code == "insufficient_quota" ? .insufficientCredits : .rateLimited
        case 503, 529: .overloaded
        // llama-server answers so when what the model wrote is not the call syntax it expects.
        case 500 where error.isAboutCallSyntax: .invalidAnswer
        case 500...: error.isAboutContext ? .contextWindowExceeded : .server
        default: error.isAboutContext ? .contextWindowExceeded : .badRequest
        }
    }

    /// `retry-after-ms` and `retry-after` in seconds; a date is as good as no wish.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        if let milliseconds = headers.first(name: "retry-after-ms").flatMap(Double.init), milliseconds >= 0 {
            return .seconds(min(milliseconds / 1_000, 86_400))
        }
        if let seconds = headers.first(name: "retry-after").flatMap(Double.init), seconds >= 0 {
            return .seconds(min(seconds, 86_400))
        }
        return nil
    }
}

/// The part of an error body that can be understood.
private struct OpenAIError {
    var message: String?
    var code: String?

    init(message: String?, code: String?) {
        self.message = message
        self.code = code
    }

    /// Reads OpenAI's `{"error": {"message", "type", "code"}}` and the plainer forms of its imitators.
    init(_ document: JSONValue) {
        let error = document["error"] ?? document
        let text = error["message"]?.string ?? error.string ?? document["detail"]?.string
        message = text.map { String($0.prefix(2_000)) }
        code = error["code"]?.string ?? error["type"]?.string
    }

    var isAboutContext: Bool {
        if code == "context_length_exceeded" || code == "exceed_context_size_error" { return true }
        guard let text = message?.lowercased() else { return false }
        return Self.contextPhrases.contains { text.contains($0) }
    }

    var isAboutCallSyntax: Bool {
        message?.contains("does not match the expected") ?? false
    }

    var isAboutTools: Bool {
        message?.contains("does not support tools") ?? false
    }

    private static let contextPhrases = [
        "maximum context length", "context window", "context length", "context size", "prompt is too long",
        "too many tokens",
    ]
}
