extension ProviderSettings {
    /// A client that speaks the provider's wire format.
    package func client(
        transport: ProviderTransport, retries: RetryPolicy = RetryPolicy(),
        clock: any Clock<Duration> = ContinuousClock()
    ) -> any ModelProvider {
        switch kind {
        case .openAI, .responses, .azure:
            OpenAIProvider(settings: self, transport: transport, retries: retries, clock: clock)
        case .anthropic: AnthropicProvider(settings: self, transport: transport, retries: retries, clock: clock)
        case .google: GoogleProvider(settings: self, transport: transport, retries: retries, clock: clock)
        case .ollama: OllamaProvider(settings: self, transport: transport, retries: retries, clock: clock)
        }
    }
}
