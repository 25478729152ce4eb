extension ProviderSettings {
    /// A client that speaks the provider's wire format.
    package func client(
        transport: ProviderTransport, clock: any Clock<Duration> = ContinuousClock()
    ) -> any ModelProvider {
        switch kind {
        case .openAI: OpenAIProvider(settings: self, transport: transport, clock: clock)
        case .anthropic: AnthropicProvider(settings: self, transport: transport, clock: clock)
        }
    }
}
