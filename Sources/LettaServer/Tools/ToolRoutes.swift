import HTTPKit
import LettaAPI

struct ToolRoutes: RouteGroup {
    let tools: ToolService

    func register(on routes: Routes) {
        routes.handle(API.Tools.list, list)
        routes.handle(API.Tools.create, upsert)
        routes.handle(API.Tools.upsert, upsert)
        routes.handle(API.Tools.count, count)
        routes.handle(API.Tools.retrieve, retrieve)
        routes.handle(API.Tools.update, update)
        routes.handle(API.Tools.delete, delete)
        routes.handle(API.Tools.run, run)
        routes.handle(API.Tools.generateSchema, generateSchema)
        routes.handle(API.Tools.addBaseTools, addBaseTools)
    }

    func list(_ call: Call<NoPath, ListTools, NoBody>) async throws -> [Tool] {
        try await tools.list(call.query, as: call.caller.scope)
    }

    func upsert(_ call: Call<NoPath, NoQuery, CreateTool>) async throws -> Tool {
        try await tools.upsert(call.body, as: call.caller.scope)
    }

    func count(_ call: Call<NoPath, CountTools, NoBody>) async throws -> Int {
        try await tools.count(call.query, as: call.caller.scope)
    }

    func retrieve(_ call: Call<ID<Tool>, NoQuery, NoBody>) async throws -> Tool {
        try await tools.retrieve(call.path, as: call.caller.scope)
    }

    func update(_ call: Call<ID<Tool>, NoQuery, UpdateTool>) async throws -> Tool {
        try await tools.update(call.path, applying: call.body, as: call.caller.scope)
    }

    func delete(_ call: Call<ID<Tool>, NoQuery, NoBody>) async throws -> NullOutput {
        try await tools.delete(call.path, as: call.caller.scope)
        return NullOutput()
    }

    func run(_ call: Call<NoPath, NoQuery, RunTool>) async throws -> LettaMessage {
        try await tools.run(call.body)
    }

    func generateSchema(_ call: Call<NoPath, NoQuery, ToolSource>) async throws -> ObjectDocument {
        try await tools.schema(of: call.body.code)
    }

    func addBaseTools(_ call: Call<NoPath, NoQuery, NoBody>) async throws -> [Tool] {
        try await tools.addBaseTools(as: call.caller.scope)
    }
}
