import HTTPKit
import LettaAPI

struct ModelRoutes: RouteGroup {
    let models: ModelService

    func register(on routes: Routes) {
        routes.handle(API.Models.list) { await models.languageModels($0.query) }
        routes.handle(API.Models.listEmbeddings) { _ in await models.embeddingModels() }
    }
}
