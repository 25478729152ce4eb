import HTTPKit
import LettaAPI

struct ModelRoutes: RouteGroup {
    let models: ModelService

    func register(on routes: Routes) {
        routes.handle(API.Models.list) { try await models.languageModels($0.query, as: $0.scope) }
        routes.handle(API.Models.listEmbeddings) { try await models.embeddingModels(as: $0.scope) }
    }
}
