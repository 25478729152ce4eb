import HTTPKit
import LettaAPI

struct ArchiveRoutes: RouteGroup {
    let archives: ArchiveService

    func register(on routes: Routes) {
        routes.handle(API.Archives.list) { try await archives.list($0.query, as: $0.scope) }
        routes.handle(API.Archives.create) { try await archives.create($0.body, as: $0.scope) }
        routes.handle(API.Archives.retrieve) { try await archives.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Archives.update) { try await archives.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.Archives.delete) { try await archives.delete($0.path, as: $0.scope) }
        routes.handle(API.Archives.agents) { try await archives.agents(with: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Archives.createPassage) { try await archives.add($0.body, to: $0.path, as: $0.scope) }
        routes.handle(API.Archives.createPassages) {
            try await archives.add($0.body.passages, to: $0.path, as: $0.scope)
        }
        routes.handle(API.Archives.deletePassage) {
            try await archives.delete($0.path.inner, from: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.Archives.attach) { try await archives.attach($0.path.inner, to: $0.path.outer, as: $0.scope) }
        routes.handle(API.Archives.detach) {
            try await archives.detach($0.path.inner, from: $0.path.outer, as: $0.scope)
        }
    }
}
