import HTTPKit
import LettaAPI

struct BackupRoutes: RouteGroup {
    let scheduler: BackupScheduler

    func register(on routes: Routes) {
        let backups = scheduler.backups
        routes.handle(API.Backups.list) { _ in try await backups.list() }
        routes.handle(API.Backups.make) { _ in try await backups.make() }
        routes.handle(API.Backups.check) { try await backups.check($0.path.text) }
        routes.handle(API.Backups.delete) { call in
            try await backups.delete(call.path.text)
            return NullOutput()
        }
        routes.handle(API.BackupSchedules.retrieve) { _ in try await scheduler.schedule() }
        routes.handle(API.BackupSchedules.update) { try await scheduler.update($0.body) }
    }
}
