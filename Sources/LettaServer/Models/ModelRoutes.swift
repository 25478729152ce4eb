import HTTPKit
import LettaAPI

struct ModelRoutes: RouteGroup {
    let models: ModelService

    func register(on routes: Routes) {
        routes.handle(API.Models.list, list)
        routes.handle(API.Models.listEmbeddings, listEmbeddings)
    }

    func list(_ call: Call<NoPath, ListModels, NoBody>) async throws -> [LanguageModel] {
        await models.languageModels(call.query)
    }

    func listEmbeddings(_ call: Call<NoPath, NoQuery, NoBody>) async throws -> [EmbeddingModel] {
        await models.embeddingModels()
    }
}
