import Crypto
import Glibc
package import HTTPKit
package import Hummingbird
import JSON
package import LettaAPI
import LocalModels
package import Logging
import MCPClient
package import ModelProviders
package import NIOCore
import ServiceLifecycle
package import Storage
package import ToolRuntime
import UnixSignals

/// The composition root of the server.
package struct LettaApplication: Sendable {
    package let storage: any StorageEngine
    package let changes: ChangeFeed
    private let responder: CallbackResponder<ServerContext>
    /// Nil where tools reach no API.
    private let toolDoor: ToolDoor?
    private let mcpSessions: MCPSessions
    /// The operations that are served or listed; other spellings are not among them.
    package let operations: Set<String>
    private let configuration: ServerConfiguration
    private let certificate: TLSCertificate?
    private let transport: ProviderTransport
    private let worker = TurnWorker()
    private let runEnds: RunEnds
    private let egress: EgressClient
    private let callbacks: RunCallbackService
    private let batches: BatchQueue
    private let schedules: ScheduleRunner
    private let backups: BackupScheduler
    private let reading: FileReadingService
    private let embedder: PassageEmbedder
    private let packages: ToolPackageService
    private let sandbox: ToolSandbox
    private let mail = AgentMail()
    private let retention: RetentionService
    private let servers: ServerMembership?
    private let localRuntime: LocalRuntime?
    private let directory: ModelDirectory
    private let exporter: SpanExporter?
    private let userProviders: UserProviders
    private let logger: Logger

    /// Takes a migrated database. Models and time come from the configuration and the system unless they are given. The
    /// clock measures the server's own deadlines.
    ///
    /// - Throws: `StartUpFailure` for a wrong encryption key.
    package init(
        _ configuration: ServerConfiguration, storage: any StorageEngine, encryptionKeys: [String],
        certificate: TLSCertificate? = nil, directory: ModelDirectory? = nil, sandbox: ToolSandbox = ToolSandbox(),
        servers: ServerMembership? = nil,
        now: (@Sendable () -> Timestamp)? = nil,
        clock: any Clock<Duration> = ContinuousClock(), log: RecentLog = RecentLog(), logger: Logger
    ) async throws {
        self.configuration = configuration
        self.certificate = certificate
        self.storage = storage
        self.logger = logger
        let secrets = SecretBox(passphrases: encryptionKeys)
        try await storage.write { db in
            try KeyCheckStore.verify(secrets, db, logger)
            try AccountService.seedTools(ids: .random, at: .now, db)
            // With other servers, whoever joins them does this.
            guard servers == nil else { return }
            try RunRecovery.failUnfinished(at: now?() ?? .now, db)
            try LeaderRecovery(installsPackages: sandbox.packagesFolder != nil).run(at: now?() ?? .now, db)
        }
        self.servers = servers
        let transport = ProviderTransport(modelHosts: configuration.allowedModelHosts)
        self.transport = transport
        let localRuntime = configuration.makeLocalRuntime(transport: transport, logger: logger)
        self.localRuntime = localRuntime
        localRuntime?.logChoice(logger)
        try await LearnedServiceStore.begin(transport.learned, storage, now: now ?? { .now }, logger)
        let providers = configuration.clients(transport: transport) + [LocalModelProvider(runtime: localRuntime)]
        self.directory = directory ?? ModelDirectory(providers: providers)
        let metrics = PrometheusMetrics()
        let core = Core(
            storage: storage, ids: .random, now: now ?? { .now }, clock: clock, logger: logger, servers: servers)
        changes = core.changes
        userProviders = UserProviders(core: core, secrets: secrets, transport: transport)
        let defaults = ServerDefaults(core: core, fixed: configuration.defaults)
        retention = RetentionService(core: core, defaults: defaults)
        runEnds = RunEnds(core: core)
        egress = EgressClient(transport: transport, privateHosts: configuration.privateHosts)
        callbacks = RunCallbackService(
            core: core, ends: runEnds, egress: egress, secret: configuration.callbackSecret)
        batches = BatchQueue(
            core: core, ends: runEnds, callbacks: callbacks, endpoints: configuration.batchEndpoints)
        schedules = ScheduleRunner(core: core)
        backups = BackupScheduler(
            core: core, backups: BackupService(core: core, configuration: configuration),
            settings: configuration.backups)
        let documents = DocumentReader(sandbox: sandbox)
        let models = ModelService(
            directory: self.directory, userProviders: userProviders, transport: transport, logger: logger,
            defaults: defaults)
        embedder = PassageEmbedder(core: core, models: models)
        reading = FileReadingService(core: core, documents: documents, queue: embedder.queue)
        packages = ToolPackageService(core: core, sandbox: sandbox)
        self.sandbox = sandbox
        let exporter = configuration.spans.map {
            SpanExporter(to: $0, through: transport, clock: clock, logger: logger)
        }
        self.exporter = exporter
        mcpSessions = MCPSessions(clock: clock)
        let features = RouteCatalogue(
            core: core, secrets: secrets, directory: self.directory, models: models, embedder: embedder,
            userProviders: userProviders, worker: worker, ends: runEnds, callbacks: callbacks, egress: egress,
            batches: batches, schedules: schedules, mcp: configuration.mcp,
            mcpSessions: mcpSessions, sandbox: sandbox, documents: documents,
            reading: reading, packages: packages, mail: mail, webSearch: configuration.webSearch,
            password: configuration.http.password, approvals: configuration.approvals,
            usage: UsageMeter(prices: configuration.prices), exporter: exporter, metrics: metrics,
            dashboard: configuration.http.dashboard == .off ? nil : .embedded,
            sessions: DashboardSessionService(core: core, password: configuration.http.password),
            settings: ServerSettingService(defaults: defaults, models: models), backups: backups, log: log,
            machine: MachineChecks(
                dataFolder: configuration.data.folder,
                program: configuration.localModels ? configuration.runtimeProgram : nil))
        let (routes, settings) = Self.routes(features, configuration)
        let httpMetrics = HTTPMetrics(factory: metrics)
        let stack = try HTTPStack(routes: routes, settings: settings, metrics: httpMetrics)
        responder = stack.responder
        operations = stack.operations
        toolDoor = try sandbox.apiFolder.map { folder in
            let stack = try HTTPStack(routes: routes, settings: Self.onlyForTokens(settings), metrics: httpMetrics)
            return ToolDoor(folder: folder, responder: stack.responder, logger: logger)
        }
        callbacks.start()
        reading.start()
        embedder.queue.wake()
        embedder.imported.start()
        embedder.messages.start { [worker] in worker.isBusy }
        packages.start()
        backups.start()
        if let servers {
            changes.setRelay { [relay = servers.relay] notice, organization in
                relay.add(ServerChange(organization: organization, notice: notice))
            }
            servers.start(duties)
        }
    }

    /// What this server does when others on the database come and go.
    private var duties: ServerMembership.Duties {
        ServerMembership.Duties(
            lead: { [batches, schedules, callbacks, reading, packages, embedder] in
                batches.wake()
                schedules.wake()
                callbacks.wake()
                reading.wake()
                packages.wake()
                embedder.queue.wake()
                embedder.imported.wake()
                embedder.messages.wake()
            },
            cancel: { [worker] in worker.cancel($0) },
            follow: { [worker] in worker.follow($0, by: $1) },
            change: { [changes] change in
                if let change {
                    changes.deliver(change.notice, in: change.organization)
                } else {
                    changes.missAll()
                }
            },
            hears: { [changes] in changes.hasReaders },
            end: { [worker] in
                worker.cancelAll()
                // As an operator would: what is served ends in order, and nothing of it is stored.
                kill(getpid(), SIGTERM)
            })
    }

    /// Nobody knows the password. API keys stay: a tool has one if its user gave it one.
    private static func onlyForTokens(_ settings: HTTPSettings) -> HTTPSettings {
        var settings = settings
        settings.password = SymmetricKey(size: .bits256).withUnsafeBytes { bytes in
            bytes.map { String($0, radix: 16) }.joined(separator: "-")
        }
        settings.isBoundToLoopback = false
        settings.isSession = { _ in false }
        settings.openPaths = []
        return settings
    }

    private static func routes(
        _ features: RouteCatalogue, _ configuration: ServerConfiguration
    ) -> (Routes, HTTPSettings) {
        let routes = Routes()
        features.register(on: routes)
        var settings = HTTPSettings()
        settings.password = configuration.http.password?.reveal()
        // No web page can connect to a Unix socket.
        let dashboard = ListeningAddress(ofDashboard: configuration)
        settings.isBoundToLoopback =
            configuration.isBoundToLoopback && (configuration.http.socket == nil || dashboard != nil)
        settings.allowedHosts =
            configuration.http.allowedHosts + [configuration.http.host] + (dashboard.map { [$0.host] } ?? [])
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
        settings.isSession = { [sessions = features.sessions] in try await sessions.isOpen($0) }
        if let dashboard = features.dashboard { settings.openPaths = DashboardRoutes.paths(of: dashboard) }
        if let exporter = features.exporter {
            settings.recordRequest = { [now = features.core.now] in exporter.record([Span($0, at: now())]) }
        }
        settings.changed = { [changes = features.core.changes] change in
            if let notice = ChangeNotice(change) { changes.publish(notice, in: change.organization) }
        }
        settings.apiKeys = APIKeyService(core: features.core).door()
        // The dashboard's files are the same for everybody.
        for path in settings.openPaths { settings.apiKeys.scopes["GET \(path)"] = .read }
        return (routes, settings)
    }

    /// The server as a Hummingbird application; tests drive it without a socket.
    package func application(
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        Application(
            responder: ListeningAddress(ofDashboard: configuration) == nil ? responder : withoutDashboard,
            server: HTTPStack.server(certificate),
            configuration: .init(address: address, serverName: "letta-swift"),
            onServerRunning: onRunning, logger: logger)
    }

    /// Serves the dashboard on its own address; nil when it has none.
    private func dashboardApplication() -> Application<CallbackResponder<ServerContext>>? {
        guard let address = ListeningAddress(ofDashboard: configuration) else { return nil }
        return Application(
            responder: responder,
            server: HTTPStack.server(certificate),
            configuration: .init(address: .hostname(address.host, port: address.port), serverName: "letta-swift"),
            logger: logger)
    }

    private var withoutDashboard: CallbackResponder<ServerContext> {
        CallbackResponder { [responder] request, context in
            guard !DashboardRoutes.isPath(request.uri.path) else {
                return Response.json(["detail": "Not Found"] as JSONValue, status: 404)
            }
            return try await responder.respond(to: request, context: context)
        }
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
        if let toolDoor { group.services.append(.init(service: toolDoor.application())) }
        if let dashboard = dashboardApplication() { group.services.append(.init(service: dashboard)) }
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
        if servers?.isFenced == true { throw StartUpFailure.storage("\(FencedServer())") }
    }

    /// Releases what the server holds. Tests that don't call `run` call it themselves.
    package func close() async {
        runEnds.stopRetrying()
        // At once: what they have at work is left to the next start.
        schedules.stop()
        batches.stop()
        await servers?.stop()
        await worker.close()
        await schedules.close()
        await backups.close()
        await batches.close()
        await callbacks.close()
        await reading.close()
        await embedder.imported.close()
        await embedder.queue.close()
        await embedder.messages.close()
        await packages.close()
        await sandbox.warm?.close()
        await mcpSessions.close()
        toolDoor?.remove()
        mail.close()
        await runEnds.close()
        await exporter?.close()
        await directory.close()
        await userProviders.close()
        await localRuntime?.close()
        do {
            try await egress.shutdown()
            try await transport.shutdown()
        } catch {
            logger.warning("The client for model providers did not close", metadata: ["error": "\(error)"])
        }
        await servers?.leave()
        await storage.close()
    }
}
