import HTTPKit
import LettaAPI

struct PassageEmbeddingRoutes: RouteGroup {
    let embeddings: PassageEmbeddingService

    func register(on routes: Routes) {
        routes.handle(API.PassageEmbeddings.archive) { try await embeddings.retrieve(.archive($0.path), as: $0.scope) }
        routes.handle(API.PassageEmbeddings.changeArchive) {
            try await embeddings.change(.archive($0.path), to: $0.body, as: $0.scope)
        }
        routes.handle(API.PassageEmbeddings.folder) { try await embeddings.retrieve(.folder($0.path), as: $0.scope) }
        routes.handle(API.PassageEmbeddings.changeFolder) {
            try await embeddings.change(.folder($0.path), to: $0.body, as: $0.scope)
        }
    }
}
