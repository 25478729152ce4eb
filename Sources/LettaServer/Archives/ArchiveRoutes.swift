import HTTPKit
import LettaAPI

struct ArchiveRoutes: RouteGroup {
    let archives: ArchiveService

    func register(on routes: Routes) {
        routes.handle(API.Archives.list, list)
        routes.handle(API.Archives.create, create)
        routes.handle(API.Archives.retrieve, retrieve)
        routes.handle(API.Archives.update, update)
        routes.handle(API.Archives.delete, delete)
        routes.handle(API.Archives.agents, agents)
        routes.handle(API.Archives.createPassage, createPassage)
        routes.handle(API.Archives.createPassages, createPassages)
        routes.handle(API.Archives.deletePassage, deletePassage)
        routes.handle(API.Archives.attach, attach)
        routes.handle(API.Archives.detach, detach)
    }

    func list(_ call: Call<NoPath, ListArchives, NoBody>) async throws -> [Archive] {
        try await archives.list(call.query, as: call.caller.scope)
    }

    func create(_ call: Call<NoPath, NoQuery, CreateArchive>) async throws -> Archive {
        try await archives.create(call.body, as: call.caller.scope)
    }

    func retrieve(_ call: Call<ID<Archive>, NoQuery, NoBody>) async throws -> Archive {
        try await archives.retrieve(call.path, as: call.caller.scope)
    }

    func update(_ call: Call<ID<Archive>, NoQuery, UpdateArchive>) async throws -> Archive {
        try await archives.update(call.path, applying: call.body, as: call.caller.scope)
    }

    func delete(_ call: Call<ID<Archive>, NoQuery, NoBody>) async throws -> NullOutput {
        try await archives.delete(call.path, as: call.caller.scope)
        return NullOutput()
    }

    func agents(_ call: Call<ID<Archive>, ListArchiveAgents, NoBody>) async throws -> [AgentState] {
        try await archives.agents(with: call.path, call.query, as: call.caller.scope)
    }

    func createPassage(_ call: Call<ID<Archive>, NoQuery, CreatePassage>) async throws -> Passage {
        try await archives.add(call.body, to: call.path, as: call.caller.scope)
    }

    func createPassages(_ call: Call<ID<Archive>, NoQuery, CreatePassages>) async throws -> [Passage] {
        try await archives.add(call.body.passages, to: call.path, as: call.caller.scope)
    }

    func deletePassage(_ call: Call<NestedPath<Archive, Passage>, NoQuery, NoBody>) async throws -> NullOutput {
        try await archives.delete(call.path.inner, from: call.path.outer, as: call.caller.scope)
        return NullOutput()
    }

    func attach(_ call: Call<NestedPath<AgentState, Archive>, NoQuery, NoBody>) async throws -> NullOutput {
        try await archives.attach(call.path.inner, to: call.path.outer, as: call.caller.scope)
        return NullOutput()
    }

    func detach(_ call: Call<NestedPath<AgentState, Archive>, NoQuery, NoBody>) async throws -> NullOutput {
        try await archives.detach(call.path.inner, from: call.path.outer, as: call.caller.scope)
        return NullOutput()
    }
}
