package import Logging
package import ModelProviders
import NIOCore

/// The models that run on this machine as children of the server: one for chat and one for embeddings at most.
package struct LocalRuntime: Sendable {
    /// The first part of the models' handles.
    package static let providerName = "letta-local"

    let models: ModelFolder
    private let chat: RuntimeSlot
    private let embedding: RuntimeSlot

    /// Starts nothing. `transport` outlives the runtime.
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
                    message: "llama-server, which runs local models, is not there. Run: letta-server models install")
            }
            guard models.isInstalled(model) else {
                throw ProviderFailure(
                    .notFound,
                    message: "The model is not installed. Run: letta-server models install \(model.shortName)")
            }
            return try RuntimeLaunch(
                program: path, model: model, models: models, dataFolder: dataFolder, transport: transport)
        }
        chat = RuntimeSlot(clock: clock, logger: logger, makeLaunch: makeLaunch)
        embedding = RuntimeSlot(clock: clock, logger: logger, makeLaunch: makeLaunch)
    }

    /// Waits until the model answers, and starts it where that is needed.
    func lease(of model: LocalModel) async throws(ProviderFailure) -> RuntimeLease {
        switch model.purpose {
        case .chat: try await chat.lease(of: model)
        case .embedding: try await embedding.lease(of: model)
        }
    }

    /// Ends the children and returns when they are gone, five seconds later at most.
    package func close() async {
        async let chatIsGone: Void = chat.close()
        await embedding.close()
        await chatIsGone
    }
}
