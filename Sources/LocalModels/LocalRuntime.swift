package import Logging
package import ModelProviders
import NIOCore

/// Runs local models as child processes: at most one chat model and one embedding model at a time.
package struct LocalRuntime: Sendable {
    /// The provider's name, and the prefix of the models' handles.
    package static let providerName = "letta-local"

    let models: ModelFolder
    private let chat: RuntimeSlot
    private let embedding: RuntimeSlot

    /// Starts no process. `transport` must outlive the runtime.
    package init(
        dataFolder: String, program: RuntimeProgram, transport: ProviderTransport, logger: Logger,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        let models = ModelFolder(dataFolder: dataFolder)
        self.models = models
        let makeLaunch: @Sendable (LocalModel) throws -> RuntimeLaunch = { model in
            guard let path = program.find() else {
                throw ProviderFailure(
                    .connection,
                    message: "llama-server, which runs local models, was not found. Run: letta-server models install")
            }
            guard models.isInstalled(model) else {
                throw ProviderFailure(
                    .notFound,
                    message:
                        "The model \(model.name) is not installed. Run: letta-server models install \(model.shortName)")
            }
            return try RuntimeLaunch(
                program: path, model: model, models: models, dataFolder: dataFolder, transport: transport)
        }
        chat = RuntimeSlot(clock: clock, logger: logger, makeLaunch: makeLaunch)
        embedding = RuntimeSlot(clock: clock, logger: logger, makeLaunch: makeLaunch)
    }

    /// The installed chat model that suits a machine best; nil when none is installed.
    package func chatModel(for machine: Machine) -> LocalModel? {
        ModelCatalogue.chatModels(for: machine).first(where: models.isInstalled)
    }

    /// Starts the model if necessary and returns when it is ready.
    func lease(of model: LocalModel) async throws(ProviderFailure) -> RuntimeLease {
        switch model.purpose {
        case .chat: try await chat.lease(of: model)
        case .embedding: try await embedding.lease(of: model)
        }
    }

    /// Terminates the child processes and waits for their end, at most five seconds.
    package func close() async {
        async let chatIsClosed: Void = chat.close()
        await embedding.close()
        await chatIsClosed
    }
}
