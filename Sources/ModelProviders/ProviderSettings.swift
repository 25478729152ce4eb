/// A value that must never reach a log, an error text or a debugger's print-out by accident.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    package init(_ value: String) {
        self.value = value
    }

    /// Hands out the value for the one place that needs it, such as a request header.
    package func reveal() -> String {
        value
    }

    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Removes the secret from text that came from outside, because some servers quote the key they reject.
    package func redacted(from text: String) -> String {
        value.count < 4 ? text : text.replacing(value, with: description)
    }
}

/// The wire formats this target can speak.
package enum ProviderKind: String, Sendable, CaseIterable {
    case openAI = "openai"
}

/// Who brought the provider: the server's operator, or a user with a key of their own.
package enum ProviderCategory: String, Sendable, CaseIterable {
    case base
    case byok
}

/// Where a model provider is reached and who may use it.
package struct ProviderSettings: Sendable, Equatable {
    package var name: String
    package var kind: ProviderKind
    /// The address calls are made under, without a trailing slash, such as `https://api.openai.com/v1`.
    package var baseURL: String
    /// Sent as a bearer token; nil sends no authorization at all, as many local servers want it.
    package var apiKey: Secret?
    package var category: ProviderCategory

    package init(
        name: String, kind: ProviderKind = .openAI, baseURL: String, apiKey: Secret? = nil,
        category: ProviderCategory = .base
    ) {
        self.name = name
        self.kind = kind
        self.baseURL = String(baseURL.reversed().drop { $0 == "/" }.reversed())
        self.apiKey = apiKey
        self.category = category
    }
}
