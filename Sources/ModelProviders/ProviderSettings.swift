/// A value that is masked when it is printed, logged or reflected.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    package init(_ value: String) {
        self.value = value
    }

    /// The value itself, for the place that needs it, such as a request header.
    package func reveal() -> String {
        value
    }

    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Masks the secret in text from outside: some servers quote the key they reject.
    package func redacted(from text: String) -> String {
        value.count < 4 ? text : text.replacing(value, with: description)
    }
}

/// The wire format of a provider.
package enum ProviderKind: String, Sendable, CaseIterable {
    /// Chat completions.
    case openAI = "openai"
    /// OpenAI's Responses API.
    case responses = "openai_responses"
    case anthropic
    case google = "google_ai"
    /// OpenAI's formats at Azure's addresses.
    case azure
    /// Ollama's own, which alone takes the size of the context window.
    case ollama
}

/// Who configured the provider: the server's operator, or a user who brings their own key.
package enum ProviderCategory: String, Sendable, CaseIterable {
    case base
    case byok
}

/// How to reach a model provider.
package struct ProviderSettings: Sendable, Equatable {
    package var name: String
    package var kind: ProviderKind
    /// The type of the service, as in ``ServiceProfile/type``.
    package var service: String
    /// Without a trailing slash, such as `https://api.openai.com/v1`.
    package var baseURL: String
    /// Nil for servers without authorization.
    package var apiKey: Secret?
    package var category: ProviderCategory
    /// Azure's; nil for the default.
    package var apiVersion: String?

    /// - Parameter service: nil for the service whose name is that of the wire format.
    package init(
        name: String, kind: ProviderKind = .openAI, service: String? = nil, baseURL: String, apiKey: Secret? = nil,
        category: ProviderCategory = .base
    ) {
        self.name = name
        self.kind = kind
        self.service = service ?? kind.rawValue
        self.baseURL = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        self.apiKey = apiKey
        self.category = category
    }
}
