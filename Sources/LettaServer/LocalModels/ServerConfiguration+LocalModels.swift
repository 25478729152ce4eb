import Logging
import ModelProviders

extension ServerConfiguration {
    /// The program that runs local models, as configured.
    package var runtimeProgram: RuntimeProgram {
        RuntimeProgram(dataFolder: data.folder, chosen: llamaServer)
    }

    /// Nil where local models are switched off.
    func makeLocalRuntime(transport: ProviderTransport, logger: Logger) -> LocalRuntime? {
        guard localModels else { return nil }
        return LocalRuntime(dataFolder: data.folder, program: runtimeProgram, transport: transport, logger: logger)
    }
}
