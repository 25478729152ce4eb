import HTTPKit

/// All routes, one line a feature.
extension LettaServices {
    func register(on routes: Routes, metrics: PrometheusMetrics) {
        HealthRoutes(health: health, authentication: authentication).register(on: routes)
        AgentRoutes(agents: agents, context: context).register(on: routes)
        CoreMemoryRoutes(memory: memory).register(on: routes)
        AgentToolRoutes(tools: agentTools).register(on: routes)
        ToolRoutes(tools: tools).register(on: routes)
        BlockRoutes(blocks: blocks).register(on: routes)
        ArchivalMemoryRoutes(memory: archival).register(on: routes)
        ArchiveRoutes(archives: archives).register(on: routes)
        PassageRoutes(passages: passages).register(on: routes)
        ModelRoutes(models: models).register(on: routes)
        MessageRoutes(messages: messages).register(on: routes)
        TurnRoutes(turns: turns, previews: previews).register(on: routes)
        RunRoutes(runs: runs, messages: messages, following: following).register(on: routes)
        StepRoutes(steps: steps, messages: messages).register(on: routes)
        JobRoutes().register(on: routes)
        GroupRoutes(groups: groups).register(on: routes)
        UnservedRoutes().register(on: routes)
        MetricsRoutes(metrics).register(on: routes)
        OpenAPIRoutes(title: "letta-swift", version: ServerVersion.current).register(on: routes)
    }
}
