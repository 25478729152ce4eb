import HTTPKit
import JSON
import LettaAPI

struct LogRoutes: RouteGroup {
    let log: RecentLog

    func register(on routes: Routes) {
        routes.handle(API.Log.read) { call in
            let count = call.query.count ?? 200
            guard (1...RecentLog.capacity).contains(count) else {
                throw APIError.invalidField(
                    "count", "must be from 1 to \(RecentLog.capacity)", input: .int(Int64(count)), in: "query")
            }
            return log.entries(call.query, count: count)
        }
    }
}
