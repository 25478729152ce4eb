import HTTPKit
import LettaAPI

struct InternalTemplateRoutes: RouteGroup {
    let templates: InternalTemplateService

    func register(on routes: Routes) {
        routes.handle(API.InternalTemplates.createAgent) { try await templates.create($0.body, as: $0.scope) }
        routes.handle(API.InternalTemplates.createGroup) { try await templates.create($0.body, as: $0.scope) }
        routes.handle(API.InternalTemplates.createBlock) { try await templates.create([$0.body], as: $0.scope)[0] }
        routes.handle(API.InternalTemplates.createBlocks) { try await templates.create($0.body, as: $0.scope) }
        routes.handle(API.InternalTemplates.deployment) {
            try await templates.deployment($0.path.text, $0.query, as: $0.scope)
        }
        routes.handle(API.InternalTemplates.deleteDeployment) {
            try await templates.delete($0.path.text, as: $0.scope)
        }
    }
}
