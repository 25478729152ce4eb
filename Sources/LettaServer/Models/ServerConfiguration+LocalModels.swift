package import LocalModels
import Logging
import ModelProviders

extension ServerConfiguration {
    /// The `llama-server` program for local models.
    package var runtimeProgram: RuntimeProgram {
        RuntimeProgram(dataFolder: data.folder, configured: llamaServer)
    }

    /// Nil when local models are disabled.
    func makeLocalRuntime(transport: ProviderTransport, logger: Logger) -> LocalRuntime? {
        guard localModels else { return nil }
        return LocalRuntime(dataFolder: data.folder, program: runtimeProgram, transport: transport, logger: logger)
    }
}
