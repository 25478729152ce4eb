import JSON
import NIOHTTP1

extension ProviderFailure {
    /// The failure that an error response describes, in any of the known formats.
    init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
        let document = try? JSONParser(options: ProviderCalls.parserOptions).parse(body)  // may be a proxy's HTML page
        let error = document.map(ProviderError.init) ?? ProviderError(message: nil, code: nil)
        self.init(
            Self.kind(status: status, error), status: status, message: error.message ?? "HTTP status \(status)",
            retryAfter: Self.retryAfter(headers) ?? error.retryDelay)
        field = error.field
    }

    /// The failure that an error event in a stream describes, after a successful response head.
    init(event error: JSONValue, status: Int) {
        let parsed = ProviderError(.object(["error": error]))
        self.init(
            Self.kind(status: status, parsed), status: status,
            message: parsed.message ?? "The provider aborted the answer.")
    }

    private static func kind(status: Int, _ error: ProviderError) -> Kind {
        switch status {
        // Ollama, for models whose chat template does not support tools.
        case 400 where error.isAboutTools: .toolsNotSupported
        // Anthropic.
        case 400 where error.isAboutCredits: .insufficientCredits
        // Google.
        case 400 where error.isAboutKey: .authentication
        case 401: .authentication
        case 402: .insufficientCredits
        case 403: .permissionDenied
        case 404: .notFound
        case 408: .timeout
        case 413: .contextWindowExceeded
        case 422: error.isAboutContext ? .contextWindowExceeded : .unprocessable
        case 429: error.code == "insufficient_quota" ? .insufficientCredits : .rateLimited
        case 503, 529: .overloaded
        // llama-server, when the model's output is not the tool call syntax it expects.
        case 500 where error.isAboutCallSyntax: .invalidAnswer
        case 500...: error.isAboutContext ? .contextWindowExceeded : .server
        default: error.isAboutContext ? .contextWindowExceeded : .badRequest
        }
    }

    /// `retry-after-ms`, or `retry-after` in seconds; a date is ignored.
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

/// The message and code of an error body.
private struct ProviderError {
    var message: String?
    var code: String?
    /// The field that the error is about.
    var field: String?
    /// Google's, in the details.
    var retryDelay: Duration?

    init(message: String?, code: String?) {
        self.message = message
        self.code = code
    }

    /// Parses the `{"error": {"message", "type", "code"}}` of OpenAI and Anthropic and the simpler formats of compatible
    /// servers.
    init(_ document: JSONValue) {
        // Google sends an array where the answer would have been a stream.
        let document = document.array?.first ?? document
        let error = document["error"].flatMap { $0.isNull ? nil : $0 } ?? document
        let complaint = Self.complaint(error["message"]?["detail"] ?? document["detail"])
        let text = error["message"]?.string ?? error.string ?? document["detail"]?.string ?? complaint?.text
        message = text.map { String($0.prefix(2_000)) }
        code = error["code"]?.string ?? error["type"]?.string
        field = error["param"]?.nonEmptyString ?? complaint?.field
        retryDelay = error["details"]?.array?.lazy.compactMap { Self.delay($0["retryDelay"]?.string) }.first
    }

    /// The first complaint of FastAPI's list, which Mistral sends in the message.
    private static func complaint(_ detail: JSONValue?) -> (field: String, text: String)? {
        guard let first = detail?.array?.first, let text = first["msg"]?.string else { return nil }
        let place = (first["loc"]?.array ?? []).compactMap { $0.string ?? $0.int.map { "\($0)" } }
        let field = place.drop { $0 == "body" }.joined(separator: ".")
        return (field, field.isEmpty ? text : "\(field): \(text)")
    }

    /// `34.5s`
    private static func delay(_ text: String?) -> Duration? {
        guard let text, text.hasSuffix("s"), let seconds = Double(text.dropLast()), seconds >= 0 else { return nil }
        return .seconds(min(seconds, 86_400))
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

    var isAboutCredits: Bool {
        message?.contains("credit balance is too low") ?? false
    }

    var isAboutKey: Bool {
        message?.contains("API key not valid") ?? false
    }

    private static let contextPhrases = [
        "maximum context length", "context window", "context length", "context size", "prompt is too long",
        "too many tokens", "exceed context limit", "context limit",
        // Gemini, Bedrock, vLLM, xAI, Z.ai, Together, Groq.
        "input is too long", "maximum model length", "maximum prompt length",
        "prompt exceeds max length", "max_new_tokens` must be", "reduce the length of the messages",
        "maximum number of tokens", "too many input tokens", "context_length",
    ]
}
