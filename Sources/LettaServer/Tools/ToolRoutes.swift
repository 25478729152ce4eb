import HTTPKit
import LettaAPI

struct ToolRoutes: RouteGroup {
    let tools: ToolService
    let generator: ToolGenerator

    func register(on routes: Routes) {
        routes.handle(API.Tools.list) { try await tools.list($0.query, as: $0.scope) }
        routes.handle(API.Tools.create) { try await tools.upsert($0.body, as: $0.scope) }
        routes.handle(API.Tools.upsert) { try await tools.upsert($0.body, as: $0.scope) }
        routes.handle(API.Tools.count) { try await tools.count($0.query, as: $0.scope) }
        routes.handle(API.Tools.retrieve) { try await tools.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Tools.update) { try await tools.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.Tools.delete) { try await tools.delete($0.path, as: $0.scope) }
        routes.handle(API.Tools.run) { try await tools.run($0.body, as: $0.scope) }
        routes.handle(API.Tools.generateSchema) { try await tools.schema(of: $0.body.code) }
        routes.handle(API.Tools.generate) { try await generator.generate($0.body, as: $0.scope) }
        routes.handle(API.Tools.search) { try await tools.search($0.body, as: $0.scope) }
        routes.handle(API.Tools.addBaseTools) { try await tools.addBaseTools(as: $0.scope) }
    }
}
