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
    let mcp: MCPPolicy
    let sandbox: ToolSandbox
    let password: Secret?
    let metrics: PrometheusMetrics

    func register(on routes: Routes) {
        let runner = PythonToolRunner(sandbox: sandbox)
        let sandboxes = SandboxService(core: core, secrets: secrets)
        let models = ModelService(
            directory: directory, userProviders: userProviders, transport: transport, logger: core.logger)
        let turnLock = KeyedFIFOLock<ID<AgentState>>(queueLimit: TurnService.queueLimit)
        let messages = MessageService(core: core, turnLock: turnLock)
        let mcpConnector = MCPConnector(
            core: core, secrets: secrets, egress: egress, policy: mcp,
            authorizations: MCPAuthorizationService(
                core: core, secrets: secrets, egress: egress, redirectURI: mcp.redirectURI))
        let mcpServers = MCPServerService(core: core, secrets: secrets)
        let opener = TurnOpener(
            core: core, models: models,
            executors: ToolExecutors(
                core: core,
                python: PythonToolExecutor(core: core, runner: runner, secrets: secrets, sandboxes: sandboxes),
                mcp: MCPToolExecutor(core: core, connector: mcpConnector)),
            ends: ends, images: ImageReader(egress: egress, clock: core.clock))
        let compactor = ContextCompactor(core: core, models: models)
        let turns = TurnService(
            core: core, opener: opener, worker: worker,
            callbacks: callbacks, turnLock: turnLock, ends: ends, compactor: compactor)
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
            AgentToolRoutes(tools: AgentToolService(core: core)),
            ToolRoutes(tools: ToolService(core: core, runner: runner, sandboxes: sandboxes)),
            SandboxRoutes(sandboxes: sandboxes),
            MCPServerRoutes(
                servers: mcpServers,
                tools: MCPToolService(core: core, servers: mcpServers, connector: mcpConnector)),
            BlockRoutes(blocks: BlockService(core: core)),
            ArchivalMemoryRoutes(memory: ArchivalMemoryService(core: core)),
            ArchiveRoutes(archives: ArchiveService(core: core, models: models)),
            IdentityRoutes(identities: IdentityService(core: core)),
            PassageRoutes(passages: PassageService(core: core)),
            ModelRoutes(models: models, front: front),
            OpenAIFrontRoutes(front: front),
            MCPFrontRoutes(
                front: MCPFrontService(
                    tools: MCPFrontTools(
                        agents: AgentService(core: core, models: models, secrets: secrets), turns: turns,
                        memory: CoreMemoryService(core: core), archival: ArchivalMemoryService(core: core)))),
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
