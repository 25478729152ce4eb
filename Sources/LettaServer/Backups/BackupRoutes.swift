import HTTPKit
import LettaAPI

struct BackupRoutes: RouteGroup {
    let backups: BackupService

    func register(on routes: Routes) {
        routes.handle(API.Backups.list) { _ in try await backups.list() }
        routes.handle(API.Backups.make) { _ in try await backups.make() }
        routes.handle(API.Backups.check) { try await backups.check($0.path.text) }
        routes.handle(API.Backups.delete) { call in
            try await backups.delete(call.path.text)
            return NullOutput()
        }
    }
}
