import HTTPKit
import Hummingbird
import LettaAPI

/// All routes, one line a feature.
extension LettaServices {
    func register(on routes: Routes) {
        HealthRoutes(health: health).register(on: routes)
        AgentRoutes(agents: agents, context: context).register(on: routes)
        CoreMemoryRoutes(memory: memory).register(on: routes)
        AgentToolRoutes(tools: agentTools).register(on: routes)
        BlockRoutes(blocks: blocks).register(on: routes)
        ModelRoutes(models: models).register(on: routes)
        UnservedRoutes().register(on: routes)
    }
}

/// What is about the server itself and no part of the API.
struct ServerRoutes: RouteGroup {
    let metrics: PrometheusMetrics

    func register(on routes: Routes) {
        routes.handleRaw(.get, "/metrics", "Metrics in Prometheus' text format.") { [metrics] _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: .init(string: metrics.exposition)))
        }
        let document = OpenAPIDocument(
            records: routes.records, title: "letta-swift", version: ServerVersion.current
        ).bytes
        routes.handleRaw(.get, "/openapi.json", "This API as an OpenAPI document.") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: .init(bytes: document)))
        }
    }
}
