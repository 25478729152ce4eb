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

extension LocalRuntime {
    /// Says which local model agents get that name none, and why this one.
    func logChoice(_ logger: Logger) {
        let machine = Machine.current
        guard let model = chatModel(for: machine) else { return }
        logger.info(
            "Agents that name no model get a local one",
            metadata: [
                "model": "\(model.name)", "cores": "\(machine.cores)", "memory": "\(Megabytes(machine.memory))",
                "threads": "\(machine.threads)",
            ])
    }
}
