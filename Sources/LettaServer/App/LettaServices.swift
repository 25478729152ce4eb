import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage
import ToolRuntime

/// The services of all features, put together from what they stand on.
struct LettaServices: Sendable {
    let health: HealthService
    let authentication: AuthenticationService
    let agents: AgentService
    let context: AgentContextService
    let memory: CoreMemoryService
    let agentTools: AgentToolService
    let blocks: BlockService
    let tools: ToolService
    let archival: ArchivalMemoryService
    let archives: ArchiveService
    let passages: PassageService
    let models: ModelService
    let groups: GroupService
    let messages: MessageService
    let turns: TurnService
    let previews: TurnPreviewService
    let following: RunFollowService
    let runs: RunService
    let steps: StepService

    init(
        storage: any StorageEngine, secrets: SecretBox, directory: ModelDirectory, transport: ProviderTransport,
        worker: TurnWorker, sandbox: ToolSandbox, password: Secret? = nil,
        ids: IDSource = .random,
        now: @escaping @Sendable () -> Timestamp = { .now }, clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        let runner = PythonToolRunner(sandbox: sandbox)
        health = HealthService(storage: storage)
        authentication = AuthenticationService(password: password)
        models = ModelService(directory: directory, transport: transport, logger: logger)
        agents = AgentService(storage: storage, models: models, secrets: secrets, ids: ids, now: now)
        context = AgentContextService(storage: storage, now: now)
        memory = CoreMemoryService(storage: storage, now: now)
        agentTools = AgentToolService(storage: storage, now: now)
        groups = GroupService(storage: storage)
        let turnstile = Turnstile<ID<AgentState>>(longestLine: TurnService.longestLine)
        messages = MessageService(storage: storage, turnstile: turnstile, ids: ids, now: now)
        turns = TurnService(
            storage: storage, models: models, worker: worker,
            python: PythonToolService(storage: storage, runner: runner, secrets: secrets, logger: logger),
            callbacks: RunCallbackService(
                storage: storage, transport: transport, clock: clock, now: now, logger: logger),
            turnstile: turnstile, configs: DocumentCache(limit: 64), contexts: ContextCache(limit: 64), ids: ids,
            now: now, clock: clock, logger: logger)
        previews = TurnPreviewService(storage: storage, models: models, ids: ids, now: now)
        following = RunFollowService(storage: storage, worker: worker, ids: ids, now: now, clock: clock)
        runs = RunService(storage: storage)
        steps = StepService(storage: storage, now: now)
        tools = ToolService(storage: storage, runner: runner, ids: ids, now: now)
        blocks = BlockService(storage: storage, ids: ids, now: now)
        archival = ArchivalMemoryService(storage: storage, ids: ids, now: now)
        archives = ArchiveService(storage: storage, models: models, ids: ids, now: now)
        passages = PassageService(storage: storage)
    }
}
