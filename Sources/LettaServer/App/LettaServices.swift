import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage

/// The services of all features, put together from what they stand on.
struct LettaServices: Sendable {
    let health: HealthService
    let authentication: AuthenticationService
    let agents: AgentService
    let context: AgentContextService
    let memory: CoreMemoryService
    let agentTools: AgentToolService
    let blocks: BlockService
    let models: ModelService
    let groups: GroupService

    init(
        storage: any StorageEngine, secrets: SecretBox, directory: ModelDirectory, password: Secret? = nil,
        ids: IDSource = .random,
        now: @escaping @Sendable () -> Timestamp = { .now }, logger: Logger
    ) {
        health = HealthService(storage: storage)
        authentication = AuthenticationService(password: password)
        models = ModelService(directory: directory, logger: logger)
        agents = AgentService(storage: storage, models: models, secrets: secrets, ids: ids, now: now)
        context = AgentContextService(storage: storage, now: now)
        memory = CoreMemoryService(storage: storage, now: now)
        agentTools = AgentToolService(storage: storage, now: now)
        groups = GroupService(storage: storage)
        blocks = BlockService(storage: storage, ids: ids, now: now)
    }
}
