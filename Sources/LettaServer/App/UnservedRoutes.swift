import HTTPKit

struct UnservedRoutes: RouteGroup {
    func register(on routes: Routes) {}
}
