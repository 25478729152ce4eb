import HTTPKit
import LettaAPI
import ModelProviders
import ToolRuntime

/// All features of the server, one line each.
struct RouteCatalogue: RouteGroup {
    let core: Core
    let secrets: SecretBox
    let directory: ModelDirectory
    let transport: ProviderTransport
    let userProviders: UserProviders
    let worker: TurnWorker
    let ends: RunEnds
    let callbacks: RunCallbackService
    let egress: EgressClient
    let sandbox: ToolSandbox
    let packages: ToolPackageService
    let mail: AgentMail
    let webSearch: WebSearchSettings
    let password: Secret?
    let metrics: PrometheusMetrics

    func register(on routes: Routes) {
        let runner = PythonToolRunner(sandbox: sandbox)
        let sandboxes = SandboxService(core: core, secrets: secrets)
        let models = ModelService(
            directory: directory, userProviders: userProviders, transport: transport, logger: core.logger)
        let turnLock = KeyedFIFOLock<ID<AgentState>>(queueLimit: TurnService.queueLimit)
        let messages = MessageService(core: core, turnLock: turnLock)
        let python = PythonToolExecutor(
            core: core, runner: runner, secrets: secrets, sandboxes: sandboxes, packages: packages)
        let web = WebToolExecutor(core: core, egress: egress, services: webSearch) {
            try await python.environment(of: $0, as: $1)
        }
        let opener = TurnOpener(
            core: core, models: models,
            executors: ToolExecutors(core: core, python: python, mail: mail, web: web),
            ends: ends, images: ImageReader(egress: egress, clock: core.clock))
        let compactor = ContextCompactor(core: core, models: models)
        let turns = TurnService(
            core: core, opener: opener, worker: worker,
            callbacks: callbacks, turnLock: turnLock, ends: ends, compactor: compactor)
        mail.open(turns)
        let tools = ToolService(core: core, runner: runner, sandboxes: sandboxes, packages: packages)
        let front = OpenAIFrontService(core: core, turns: turns)
        let runs = RunService(core: core, ends: ends)
        let previews = TurnPreviewService(core: core, opener: opener)

        let features: [any RouteGroup] = [
            HealthRoutes(
                health: HealthService(storage: core.storage), authentication: AuthenticationService(password: password)),
            AccountRoutes(accounts: AccountService(core: core, providers: userProviders)),
            AgentRoutes(
                agents: AgentService(core: core, models: models, secrets: secrets),
                context: AgentContextService(core: core)),
            CoreMemoryRoutes(memory: CoreMemoryService(core: core)),
            AgentToolRoutes(
                tools: AgentToolService(core: core),
                runs: AgentToolRunService(core: core, executors: opener.executors, turnLock: turnLock)),
            ToolRoutes(tools: tools, generator: ToolGenerator(core: core, models: models, tools: tools)),
            SandboxRoutes(sandboxes: sandboxes, sandbox: sandbox),
            MCPServerRoutes(servers: MCPServerService(core: core, secrets: secrets)),
            BlockRoutes(blocks: BlockService(core: core)),
            ArchivalMemoryRoutes(memory: ArchivalMemoryService(core: core)),
            ArchiveRoutes(archives: ArchiveService(core: core, models: models)),
            IdentityRoutes(identities: IdentityService(core: core)),
            PassageRoutes(passages: PassageService(core: core)),
            ModelRoutes(models: models, front: front),
            OpenAIFrontRoutes(front: front),
            ProviderRoutes(
                providers: ProviderService(
                    core: core, secrets: secrets, directory: directory, providers: userProviders)),
            MessageRoutes(messages: messages),
            TurnRoutes(turns: turns, previews: previews),
            CompactionRoutes(
                compaction: CompactionService(core: core, opener: opener, compactor: compactor, turnLock: turnLock)),
            RunRoutes(
                runs: runs, messages: messages,
                following: RunFollowService(core: core, worker: worker)),
            StepRoutes(steps: StepService(core: core), messages: messages),
            JobRoutes(jobs: JobService(core: core, runs: runs, turns: turns)),
            FolderRoutes(
                folders: FolderService(core: core, models: models), agents: AgentFolderService(core: core)),
            GroupRoutes(groups: GroupService(core: core)),
            DocumentedAliases(),
            ConversationRoutes(
                conversations: ConversationService(
                    core: core, models: models, messages: messages, context: AgentContextService(core: core),
                    turns: turns, previews: previews)),
            UnservedRoutes(),
            MetricsRoutes(metrics),
            OpenAPIRoutes(title: "letta-swift", version: ServerVersion.current),
            DocsRoutes(),
        ]
        for feature in features { feature.register(on: routes) }
    }
}
