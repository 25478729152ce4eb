import HTTPKit
import Hummingbird
import LettaAPI

/// Folders in both spellings, and those of agents.
struct FolderRoutes: RouteGroup {
    let folders: FolderService
    let agents: AgentFolderService
    let uploads: UploadService

    func register(on routes: Routes) {
        registerFolders(on: routes)
        registerSources(on: routes)
        routes.handleResponse(API.Folders.upload, mayStream: false, upload)
        routes.handleResponse(API.Sources.upload, mayStream: false, upload)
        routes.handle(API.AgentFolders.list) { try await agents.list(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.AgentFolders.listSources) { try await agents.list(of: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.AgentFolders.attach, attach)
        routes.handle(API.AgentFolders.attachSource, attach)
        routes.handle(API.AgentFolders.detach, detach)
        routes.handle(API.AgentFolders.detachSource, detach)
        routes.handle(API.AgentFolders.files, files)
        routes.handle(API.AgentFolders.open) { call -> [String] in
            try await agents.open(call.path.inner, for: call.path.outer, as: call.scope)
        }
        routes.handle(API.AgentFolders.close) {
            try await agents.close($0.path.inner, for: $0.path.outer, as: $0.scope)
        }
        routes.handle(API.AgentFolders.closeAll) { call -> [String] in
            try await agents.closeAll(of: call.path, as: call.scope)
        }
    }

    @Sendable private func upload(
        _ call: Call<ID<Folder>, UploadFile, NoBody>, _ request: Request
    ) async throws -> Response {
        let file = try await uploads.upload(to: call.path, call.query, as: call.scope) { receive in
            try await FormReader(request).read(limit: UploadService.largestForm, receive)
        }
        guard let file else { throw APIError.missingFormField("file") }
        return .json(file)
    }

    private func registerFolders(on routes: Routes) {
        routes.handle(API.Folders.list) { try await folders.list($0.query, as: $0.scope) }
        routes.handle(API.Folders.create) { try await folders.create($0.body, as: $0.scope) }
        routes.handle(API.Folders.count) { try await folders.count(as: $0.scope) }
        routes.handle(API.Folders.totals) { try await folders.totals($0.query, as: $0.scope) }
        routes.handle(API.Folders.statistics) { try await folders.statistics(of: $0.path, as: $0.scope) }
        routes.handle(API.Folders.named) { try await folders.id(named: $0.path.text, as: $0.scope) }
        routes.handle(API.Folders.retrieve) { try await folders.retrieve($0.path, as: $0.scope) }
        routes.handle(API.Folders.update) { try await folders.update($0.path, applying: $0.body, as: $0.scope) }
        routes.handle(API.Folders.delete) { try await folders.delete($0.path, as: $0.scope) }
        routes.handle(API.Folders.agents) { try await folders.agents(with: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Folders.files) {
            try await folders.files(of: $0.path, $0.query, .newestFirst, as: $0.scope)
        }
        routes.handle(API.Folders.file) { try await folders.file($0.path, $0.query, as: $0.scope) }
        routes.handle(API.Folders.deleteFile) { try await folders.deleteFile($0.path, as: $0.scope) }
        routes.handle(API.Folders.passages) {
            try await folders.passages(of: $0.path, $0.query, .newestFirst, as: $0.scope)
        }
    }

    private func registerSources(on routes: Routes) {
        routes.handle(API.Sources.list) { try await folders.list($0.query, as: $0.scope).map(Source.init) }
        routes.handle(API.Sources.create) { Source(try await folders.create($0.body, as: $0.scope)) }
        routes.handle(API.Sources.count) { try await folders.count(as: $0.scope) }
        routes.handle(API.Sources.totals) { try await folders.totals($0.query, as: $0.scope) }
        routes.handle(API.Sources.named) { try await folders.id(named: $0.path.text, as: $0.scope) }
        routes.handle(API.Sources.retrieve) { Source(try await folders.retrieve($0.path, as: $0.scope)) }
        routes.handle(API.Sources.update) {
            Source(try await folders.update($0.path, applying: $0.body, as: $0.scope))
        }
        routes.handle(API.Sources.delete) { try await folders.delete($0.path, as: $0.scope) }
        routes.handle(API.Sources.agents) { try await folders.agents(with: $0.path, $0.query, as: $0.scope) }
        routes.handle(API.Sources.files) {
            try await folders.files(of: $0.path, $0.query, .oldestFirst, as: $0.scope)
        }
        routes.handle(API.Sources.file) { try await folders.file($0.path, $0.query, as: $0.scope) }
        routes.handle(API.Sources.deleteFile) { try await folders.deleteFile($0.path, as: $0.scope) }
        routes.handle(API.Sources.passages) {
            try await folders.passages(of: $0.path, $0.query, .oldestFirst, as: $0.scope)
        }
    }

    func attach(_ call: Call<NestedPath<AgentState, Folder>, NoQuery, NoBody>) async throws -> AgentState? {
        let agent = try await agents.attach(call.path.inner, to: call.path.outer, as: call.scope)
        return call.caller.generation == .legacy ? agent : nil
    }

    func detach(_ call: Call<NestedPath<AgentState, Folder>, NoQuery, NoBody>) async throws -> AgentState? {
        let agent = try await agents.detach(call.path.inner, from: call.path.outer, as: call.scope)
        return call.caller.generation == .legacy ? agent : nil
    }

    func files(_ call: Call<ID<AgentState>, ListAgentFiles, NoBody>) async throws -> Reply<AgentFiles> {
        let page = try await agents.files(of: call.path, call.query, as: call.scope)
        guard page.hasMore else { return Reply(page) }
        let isBackwards = call.query.before != nil && call.query.after == nil && call.query.cursor == nil
        return Reply(
            page,
            headers: isBackwards
                ? PageLink.headers(target: call.target, next: page.files.first?.id.rawValue, as: "before")
                : PageLink.headers(target: call.target, next: page.nextCursor))
    }
}
