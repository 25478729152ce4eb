package import HTTPKit
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
    private let certificate: TLSCertificate?
    private let transport: ProviderTransport
    private let worker = TurnWorker()
    private let runEnds: RunEnds
    private let egress: EgressClient
    private let callbacks: RunCallbackService
    private let batches: BatchQueue
    private let schedules: ScheduleRunner
    private let reading: FileReadingService
    private let packages: ToolPackageService
    private let mail = AgentMail()
    private let retention: RetentionService
    private let localRuntime: LocalRuntime?
    private let directory: ModelDirectory
    private let userProviders: UserProviders
    private let logger: Logger

    /// Takes a migrated database. Models and time come from the configuration and the system unless they are given. The
    /// clock measures the server's own deadlines.
    ///
    /// - Throws: `StartUpFailure` for a wrong encryption key.
    package init(
        _ configuration: ServerConfiguration, storage: any StorageEngine, encryptionKeys: [String],
        certificate: TLSCertificate? = nil, directory: ModelDirectory? = nil, sandbox: ToolSandbox = ToolSandbox(),
        now: (@Sendable () -> Timestamp)? = nil,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) async throws {
        self.configuration = configuration
        self.certificate = certificate
        self.storage = storage
        self.logger = logger
        let secrets = SecretBox(passphrases: encryptionKeys)
        try await storage.write { db in
            try KeyCheckStore.verify(secrets, db, logger)
            try AccountService.seedTools(ids: .random, at: .now, db)
            try RunRecovery.failUnfinished(at: now?() ?? .now, db)
            try BatchStore.recover(db)
            try RunCallbackStore.setAllDue(at: now?() ?? .now, db)
            try UploadStore.deleteUnfinished(db)
            try ToolPackageStore.resume(isAllowed: sandbox.packagesFolder != nil, db)
        }
        let transport = ProviderTransport(modelHosts: configuration.allowedModelHosts)
        self.transport = transport
        let localRuntime = configuration.makeLocalRuntime(transport: transport, logger: logger)
        self.localRuntime = localRuntime
        try await LearnedServiceStore.begin(transport.learned, storage, now: now ?? { .now }, logger)
        let providers = configuration.clients(transport: transport) + [LocalModelProvider(runtime: localRuntime)]
        self.directory = directory ?? ModelDirectory(providers: providers)
        let metrics = PrometheusMetrics()
        let core = Core(storage: storage, ids: .random, now: now ?? { .now }, clock: clock, logger: logger)
        userProviders = UserProviders(core: core, secrets: secrets, transport: transport)
        retention = RetentionService(core: core, policy: configuration.retention)
        runEnds = RunEnds(core: core)
        egress = EgressClient(transport: transport, privateHosts: configuration.privateHosts)
        callbacks = RunCallbackService(
            core: core, ends: runEnds, egress: egress, secret: configuration.callbackSecret)
        batches = BatchQueue(core: core, ends: runEnds, callbacks: callbacks)
        schedules = ScheduleRunner(core: core)
        let documents = DocumentReader(sandbox: sandbox)
        reading = FileReadingService(core: core, documents: documents)
        packages = ToolPackageService(core: core, sandbox: sandbox)
        let features = RouteCatalogue(
            core: core, secrets: secrets, directory: self.directory, transport: transport,
            userProviders: userProviders, worker: worker, ends: runEnds, callbacks: callbacks, egress: egress,
            batches: batches, schedules: schedules, mcp: configuration.mcp, sandbox: sandbox, documents: documents,
            reading: reading, packages: packages, mail: mail, webSearch: configuration.webSearch,
            password: configuration.http.password, approvals: configuration.approvals, metrics: metrics)
        responder = try Self.stack(features, metrics, configuration).responder
        callbacks.start()
        reading.start()
        packages.start()
    }

    private static func stack(
        _ features: RouteCatalogue, _ metrics: PrometheusMetrics, _ configuration: ServerConfiguration
    ) throws -> HTTPStack {
        let routes = Routes()
        features.register(on: routes)
        var settings = HTTPSettings()
        settings.password = configuration.http.password?.reveal()
        // No web page can connect to a Unix socket.
        settings.isBoundToLoopback = configuration.isBoundToLoopback && configuration.http.socket == nil
        settings.allowedHosts = configuration.http.allowedHosts + [configuration.http.host]
        settings.acceptableOrigins = configuration.http.acceptableOrigins
        settings.translate = ServerStorage.translate
        let accounts = AccountService(core: features.core, providers: features.userProviders)
        settings.organizationOfUser = { [hasPassword = settings.password != nil] user in
            try await accounts.organization(ofActing: user, requiresKnown: hasPassword)
        }
        let projects = ProjectService(core: features.core)
        settings.projectOfHeader = { name, organization, creating in
            try await projects.id(named: name, in: organization, creating: creating)
        }
        settings.accessTokens = AccessTokenService(core: features.core).door()
        return try HTTPStack(routes: routes, settings: settings, metrics: HTTPMetrics(factory: metrics))
    }

    /// The server as a Hummingbird application; tests drive it without a socket.
    package func application(
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            responder: responder,
            server: HTTPStack.server(certificate),
            configuration: .init(address: address, serverName: "letta-swift"),
            onServerRunning: onRunning, logger: logger)
    }

    private var address: BindAddress {
        if let socket = configuration.http.socket { return .unixDomainSocket(path: socket) }
        return .hostname(configuration.http.host, port: configuration.http.port)
    }

    /// How clients reach the server that listens on `channel`.
    package func location(of channel: any Channel) -> String {
        if let socket = configuration.http.socket { return "unix:\(socket)" }
        return
            "\(certificate == nil ? "http" : "https")://\(configuration.http.host):\(channel.localAddress?.port ?? 0)"
    }

    /// Serves until SIGTERM or SIGINT, then lets running requests complete until a deadline.
    package func run(onRunning: @escaping @Sendable (any Channel) async -> Void) async throws {
        let socket = configuration.http.socket.map(UnixSocket.init)
        let serving = application { channel in
            socket?.closeToOthers()
            await onRunning(channel)
        }
        var group = ServiceGroupConfiguration(
            services: [.init(service: retention), .init(service: serving)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        if let certificate {
            group.services.append(.init(service: await CertificateReload(certificate, logger: logger)))
        }
        group.maximumGracefulShutdownDuration = .seconds(10)
        group.maximumCancellationDuration = .seconds(5)
        // Listings also hold the traits of models, and no turn waits for a listing.
        await directory.refreshStale()
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            socket?.remove()
            await close()
            throw ListeningAddress(configuration).failure(from: error)
        }
        socket?.remove()
        await close()
    }

    /// Releases what the server holds. Tests that don't call `run` call it themselves.
    package func close() async {
        runEnds.stopRetrying()
        schedules.stop()
        batches.stop()
        await worker.close()
        await schedules.close()
        await batches.close()
        await callbacks.close()
        await reading.close()
        await packages.close()
        mail.close()
        await runEnds.close()
        await directory.close()
        await userProviders.close()
        await localRuntime?.close()
        do {
            try await egress.shutdown()
            try await transport.shutdown()
        } catch {
            logger.warning("The client for model providers did not close", metadata: ["error": "\(error)"])
        }
        await storage.close()
    }
}
