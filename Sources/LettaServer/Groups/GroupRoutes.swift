import HTTPKit
import Hummingbird
import LettaAPI

struct GroupRoutes: RouteGroup {
    let groups: GroupService
    let turns: GroupTurnService

    func register(on routes: Routes) {
        routes.handle(API.Groups.list) { try await groups.list($0.query, as: $0.scope) }
        routes.handle(API.Groups.create) { try await groups.create($0.body, as: $0.scope) }
        routes.handle(API.Groups.count) { try await groups.count(as: $0.scope) }
        routes.handle(API.Groups.retrieve) { try await groups.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Groups.update) { try await groups.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.Groups.delete) { call in
            let message = try await groups.delete(call.path, as: call.scope)
            turns.end(talksOf: call.path, as: call.scope)
            return message
        }
        routes.handle(API.Groups.attachBlock) {
            try await groups.attach($0.path.inner, to: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.Groups.detachBlock) {
            try await groups.detach($0.path.inner, from: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.Groups.messages) { try await groups.messages(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Groups.send) { try await turns.send($0.body, to: $0.path, as: $0.scope) }
        routes.handleResponse(API.Groups.stream) { call, _ in
            .eventStream(try await turns.stream(call.body, to: call.path, as: call.scope), to: call.client)
        }
        routes.handle(API.Groups.reset) { try await groups.reset($0.path, as: $0.scope) }
        routes.handleRaw(
            .patch, "/v1/groups/{group_id}/messages/{message_id}", "Responds that messages can't be edited."
        ) { _, _ in
            throw MessageRoutes.noEditing
        }
        routes.handle(API.AgentGroups.list) { try await groups.list(of: $0.path, $0.query, as: $0.scope) }
    }
}
