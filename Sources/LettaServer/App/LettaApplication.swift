import Glibc
import HTTPKit
package import Hummingbird
package import LettaAPI
import LocalModels
package import Logging
package import ModelProviders
package import NIOCore
import ServiceLifecycle
package import Storage
package import ToolRuntime
import UnixSignals

/// The composition root of the server.
package struct LettaApplication: Sendable {
    package let storage: any StorageEngine
    private let responder: CallbackResponder<ServerContext>
    private let configuration: ServerConfiguration
    private let transport: ProviderTransport
    private let worker = TurnWorker()
    private let retention: RetentionService
    private let localRuntime: LocalRuntime?
    private let directory: ModelDirectory
    private let userProviders: UserProviders
    private let logger: Logger

    /// Takes a migrated database. Models and time come from the configuration and the system unless they are given. The
    /// clock measures the server's own deadlines.
    ///
    /// - Throws: `StartUpFailure` for a wrong encryption key, or an address beyond loopback without a password.
    package init(
        _ configuration: ServerConfiguration, storage: any StorageEngine, encryptionKeys: [String],
        directory: ModelDirectory? = nil, sandbox: ToolSandbox = ToolSandbox(), now: (@Sendable () -> Timestamp)? = nil,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) async throws {
        try configuration.checkDoor()
        self.configuration = configuration
        self.storage = storage
        self.logger = logger
        let secrets = SecretBox(passphrases: encryptionKeys)
        try await storage.write { db in
            try KeyCheckStore.verify(secrets, db)
            let scope = Scope(organization: Caller.defaultOrganization, user: Caller.defaultUser)
            try BaseToolService.seed(ids: .random, at: .now, Transaction(db, as: scope))
            try RunRecovery.failUnfinished(at: now?() ?? .now, db)
        }
        let transport = ProviderTransport()
        self.transport = transport
        let localRuntime = configuration.makeLocalRuntime(transport: transport, logger: logger)
        self.localRuntime = localRuntime
        var providers: [any ModelProvider] = []
        if let settings = configuration.openAI {
            providers.append(OpenAIProvider(settings: settings, transport: transport))
        }
        providers.append(LocalModelProvider(runtime: localRuntime))
        self.directory = directory ?? ModelDirectory(providers: providers)
        let metrics = PrometheusMetrics()
        let core = Core(storage: storage, ids: .random, now: now ?? { .now }, clock: clock, logger: logger)
        userProviders = UserProviders(core: core, secrets: secrets, transport: transport)
        retention = RetentionService(core: core, policy: configuration.retention)
        let features = RouteCatalogue(
            core: core, secrets: secrets, directory: self.directory, transport: transport,
            userProviders: userProviders, worker: worker, sandbox: sandbox, password: configuration.http.password,
            metrics: metrics)
        responder = try Self.stack(features, metrics, configuration, storage).responder
    }

    private static func stack(
        _ features: RouteCatalogue, _ metrics: PrometheusMetrics, _ configuration: ServerConfiguration,
        _ storage: any StorageEngine
    ) throws -> HTTPStack {
        let routes = Routes()
        features.register(on: routes)
        var settings = HTTPSettings()
        settings.password = configuration.http.password?.reveal()
        settings.isBoundToLoopback = configuration.isBoundToLoopback
        settings.allowedHosts = configuration.http.allowedHosts + [configuration.http.host]
        settings.acceptableOrigins = configuration.http.acceptableOrigins
        settings.translate = ServerStorage.translate
        settings.organizationOfUser = { user in
            try await storage.read { db in try UserStore.organization(of: user, db) }
        }
        return try HTTPStack(routes: routes, settings: settings, metrics: HTTPMetrics(factory: metrics))
    }

    /// The server as a Hummingbird application; tests drive it without a socket.
    package func application(
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            responder: responder,
            server: .http1(configuration: HTTPStack.connections),
            configuration: .init(
                address: .hostname(configuration.http.host, port: configuration.http.port), serverName: "letta-swift"),
            onServerRunning: onRunning, logger: logger)
    }

    /// Serves until SIGTERM or SIGINT, then lets running requests complete until a deadline.
    package func run(onRunning: @escaping @Sendable (any Channel) async -> Void) async throws {
        var group = ServiceGroupConfiguration(
            services: [.init(service: retention), .init(service: application(onRunning: onRunning))],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(10)
        group.maximumCancellationDuration = .seconds(5)
        // Listings also hold the traits of models, and no turn waits for a listing.
        await directory.refreshStale()
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            await close()
            if let failure = error as? IOError, failure.errnoCode == EADDRINUSE {
                throw StartUpFailure.portTaken(host: configuration.http.host, port: configuration.http.port)
            }
            throw error
        }
        await close()
    }

    /// Releases what the server holds. Tests that don't call `run` call it themselves.
    package func close() async {
        await worker.close()
        await directory.close()
        await userProviders.close()
        await localRuntime?.close()
        do {
            try await transport.shutdown()
        } catch {
            logger.warning("The client for model providers did not close", metadata: ["error": "\(error)"])
        }
        await storage.close()
    }
}
