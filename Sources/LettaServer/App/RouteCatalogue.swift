import HTTPKit
import LettaAPI
import MCPClient
import ModelProviders
import ToolRuntime

/// All features of the server, one line each.
struct RouteCatalogue: RouteGroup {
    let core: Core
    let secrets: SecretBox
    let directory: ModelDirectory
    let models: ModelService
    let embedder: PassageEmbedder
    let userProviders: UserProviders
    let worker: TurnWorker
    let ends: RunEnds
    let callbacks: RunCallbackService
    let egress: EgressClient
    let batches: BatchQueue
    let schedules: ScheduleRunner
    let mcp: MCPPolicy
    let mcpSessions: MCPSessions
    let sandbox: ToolSandbox
    let documents: DocumentReader
    let reading: FileReadingService
    let packages: ToolPackageService
    let mail: AgentMail
    let webSearch: WebSearchSettings
    let password: Secret?
    let approvals: ApprovalPolicy
    let usage: UsageMeter
    let exporter: SpanExporter?
    let metrics: PrometheusMetrics
    /// The dashboard's files; nil when it is off.
    let dashboard: DashboardFiles?
    let sessions: DashboardSessionService
    let settings: ServerSettingService
    let backups: BackupScheduler
    let log: RecentLog
    let machine: MachineChecks

    func register(on routes: Routes) {
        let runner = PythonToolRunner(sandbox: sandbox)
        let sandboxes = SandboxService(core: core, secrets: secrets)
        let line = AgentLine(lock: KeyedFIFOLock(queueLimit: TurnService.queueLimit), claims: TurnClaims(core: core))
        let messages = MessageService(core: core, line: line, meaning: embedder.meaning)
        let python = PythonToolExecutor(
            core: core, runner: runner, secrets: secrets, sandboxes: sandboxes, packages: packages,
            tokens: AccessTokenService(core: core))
        let web = WebToolExecutor(core: core, egress: egress, services: webSearch) {
            try await python.environment(of: $0, as: $1)
        }
        let mcpConnector = MCPConnector(
            core: core, secrets: secrets, egress: egress, policy: mcp,
            authorizations: MCPAuthorizationService(
                core: core, secrets: secrets, egress: egress, redirectURI: mcp.redirectURI),
            sessions: mcpSessions)
        let mcpServers = MCPServerService(core: core, secrets: secrets, sessions: mcpSessions)
        let opener = TurnOpener(
            core: core, models: models,
            executors: ToolExecutors(
                core: core, python: python, mcp: MCPToolExecutor(core: core, connector: mcpConnector), mail: mail,
                web: web, documents: documents, embedder: embedder),
            ends: ends, images: ImageReader(egress: egress, clock: core.clock),
            recall: SmallModelRecall(
                core: core, archival: ArchivalMemoryService(core: core, embedder: embedder), meaning: embedder.meaning),
            usage: usage, refused: RefusedCalls(), exporter: exporter, approvals: approvals)
        let compactor = ContextCompactor(core: core, models: models)
        let turns = TurnService(
            core: core, opener: opener, worker: worker,
            callbacks: callbacks, line: line, ends: ends, compactor: compactor)
        batches.start(with: turns)
        schedules.start(with: turns)
        let batchService = BatchService(core: core, turns: turns, queue: batches)
        mail.open(turns)
        let tools = ToolService(
            core: core, runner: runner, sandboxes: sandboxes, packages: packages, texts: embedder.texts)
        let front = OpenAIFrontService(core: core, turns: turns)
        let runs = RunService(core: core, ends: ends)
        let previews = TurnPreviewService(core: core, opener: opener)
        let agents = AgentService(core: core, models: models, secrets: secrets)
        let files = AgentFileService(core: core, models: models, secrets: secrets, approvals: approvals) {
            [reading, embedder] in
            reading.wake()
            embedder.queue.wake()
            embedder.imported.wake()
        }
        let templates = TemplateService(core: core, agents: agents, files: files)
        let conversations = ConversationService(
            core: core, models: models, messages: messages, context: AgentContextService(core: core),
            turns: turns, previews: previews)

        let providers = ProviderService(core: core, secrets: secrets, directory: directory, providers: userProviders)
        let health = HealthService(storage: core.storage, sharesDatabase: core.servers != nil)
        let checks = CheckService(
            core: core, health: health, machine: machine, sandbox: sandbox, providers: providers, backups: backups,
            refused: opener.refused)

        let features: [any RouteGroup] = [
            HealthRoutes(health: health, authentication: AuthenticationService(password: password), checks: checks),
            OverviewRoutes(overview: OverviewService(core: core, checks: checks, prices: usage.prices)),
            AccountRoutes(accounts: AccountService(core: core, providers: userProviders)),
            AgentRoutes(
                agents: agents, context: AgentContextService(core: core), templates: templates, turns: turns),
            ProjectRoutes(projects: ProjectService(core: core)),
            TemplateRoutes(templates: templates),
            InternalTemplateRoutes(
                templates: InternalTemplateService(core: core, agents: agents, groups: GroupService(core: core))),
            AgentFileRoutes(files: files),
            CoreMemoryRoutes(memory: CoreMemoryService(core: core)),
            AgentToolRoutes(
                tools: AgentToolService(core: core),
                runs: AgentToolRunService(core: core, executors: opener.executors, line: line)),
            ToolRoutes(tools: tools, generator: ToolGenerator(core: core, models: models, tools: tools)),
            SandboxRoutes(sandboxes: sandboxes, sandbox: sandbox),
            MCPServerRoutes(
                servers: mcpServers,
                tools: MCPToolService(core: core, servers: mcpServers, connector: mcpConnector)),
            BlockRoutes(blocks: BlockService(core: core)),
            ArchivalMemoryRoutes(memory: ArchivalMemoryService(core: core, embedder: embedder)),
            ArchiveRoutes(archives: ArchiveService(core: core, models: models, embedder: embedder)),
            PassageEmbeddingRoutes(
                embeddings: PassageEmbeddingService(core: core, models: models, queue: embedder.queue)),
            IdentityRoutes(identities: IdentityService(core: core)),
            PassageRoutes(passages: PassageService(core: core, search: embedder.search)),
            SearchRoutes(
                searches: ExplainedSearchService(core: core, passages: embedder.search, meaning: embedder.meaning),
                finder: FinderService(core: core)),
            ModelRoutes(
                models: models, front: front, diagnosis: ModelDiagnosisService(models: models, clock: core.clock)),
            OpenAIFrontRoutes(front: front),
            MCPFrontRoutes(
                front: MCPFrontService(
                    tools: MCPFrontTools(
                        agents: AgentService(core: core, models: models, secrets: secrets), turns: turns,
                        memory: CoreMemoryService(core: core),
                        archival: ArchivalMemoryService(core: core, embedder: embedder)))),
            ProviderRoutes(providers: providers),
            MessageRoutes(messages: messages),
            ApprovalRoutes(approvals: ApprovalService(core: core)),
            TurnRoutes(turns: turns, previews: previews),
            CompactionRoutes(
                compaction: CompactionService(
                    core: core, opener: opener, compactor: compactor, line: line,
                    conversations: turns.conversations)),
            RunRoutes(
                runs: runs, messages: messages,
                following: RunFollowService(core: core, worker: worker), turns: turns),
            StepRoutes(steps: StepService(core: core), messages: messages, conversations: conversations),
            JobRoutes(jobs: JobService(core: core, runs: runs, turns: turns, batches: batchService)),
            BatchRoutes(batches: batchService),
            ScheduleRoutes(schedules: ScheduleService(core: core, runner: schedules)),
            AccessTokenRoutes(tokens: AccessTokenService(core: core)),
            UsageRoutes(usage: UsageService(core: core)),
            APIKeyRoutes(keys: APIKeyService(core: core)),
            FolderRoutes(
                folders: FolderService(core: core, models: models, queue: embedder.queue),
                agents: AgentFolderService(core: core),
                uploads: UploadService(core: core, reading: reading)),
            GroupRoutes(groups: GroupService(core: core), turns: GroupTurnService(core: core, turns: turns)),
            DocumentedAliases(),
            ConversationRoutes(conversations: conversations, turns: turns),
            DashboardSessionRoutes(sessions: sessions),
            EventRoutes(events: EventService(core: core)),
            ServerSettingRoutes(service: settings),
            BackupRoutes(scheduler: backups),
            LogRoutes(log: log),
            UnservedRoutes(),
            MetricsRoutes(metrics),
            OpenAPIRoutes(title: "letta-swift", version: ServerVersion.current),
            DocsRoutes(),
            DashboardRoutes(files: dashboard),
        ]
        for feature in features { feature.register(on: routes) }
    }
}
