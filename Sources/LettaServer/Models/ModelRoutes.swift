import HTTPKit
import Hummingbird
import LettaAPI

struct ModelRoutes: RouteGroup {
    let models: ModelService
    let front: OpenAIFrontService
    let diagnosis: ModelDiagnosisService

    func register(on routes: Routes) {
        routes.handleResponse(API.Models.list, mayStream: false) { call, request in
            guard request.isFromOpenAIClient else {
                return .json(try await models.languageModels(call.query, as: call.scope))
            }
            return .json(try await front.models(as: call.scope))
        }
        routes.handle(API.Models.diagnose) { try await diagnosis.diagnose($0.query.handle, as: $0.scope) }
        routes.handle(API.Models.listEmbeddings) { try await models.embeddingModels(as: $0.scope) }
    }
}
