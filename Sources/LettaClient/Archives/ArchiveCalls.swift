public import LettaAPI

extension LettaClient {
    public var archives: ArchiveCalls { ArchiveCalls(client: self) }
}

/// The calls about archives on their own, whether agents have them or not.
public struct ArchiveCalls: Sendable {
    let client: LettaClient

    public func create(_ archive: CreateArchive) async throws -> Archive {
        try await client.call(API.Archives.create, body: archive)
    }

    public func retrieve(_ id: ID<Archive>) async throws -> Archive {
        try await client.call(API.Archives.retrieve, path: id)
    }

    /// Newest first unless the query says otherwise.
    public func list(_ query: ListArchives = .init()) -> PagedList<Archive> {
        PagedList(query, cursor: { $0.id.rawValue }, fetch: { try await client.call(API.Archives.list, query: $0) })
    }

    /// Changes the fields that are not `.keep`; `.clear` empties one.
    public func update(_ id: ID<Archive>, _ changes: UpdateArchive) async throws -> Archive {
        try await client.call(API.Archives.update, path: id, body: changes)
    }

    /// Deletes an archive with its passages and takes it from every agent.
    public func delete(_ id: ID<Archive>) async throws {
        _ = try await client.call(API.Archives.delete, path: id)
    }

    /// The agents that have the archive, newest first.
    public func agents(with archive: ID<Archive>, _ query: ListArchiveAgents = .init()) -> PagedList<AgentState> {
        PagedList(query, cursor: { $0.id.rawValue }) {
            try await client.call(API.Archives.agents, path: archive, query: $0)
        }
    }

    public func add(_ passage: CreatePassage, to archive: ID<Archive>) async throws -> Passage {
        try await client.call(API.Archives.createPassage, path: archive, body: passage)
    }

    /// Adds passages, all or none.
    public func add(_ passages: [CreatePassage], to archive: ID<Archive>) async throws -> [Passage] {
        try await client.call(API.Archives.createPassages, path: archive, body: CreatePassages(passages))
    }

    public func delete(_ passage: ID<Passage>, from archive: ID<Archive>) async throws {
        _ = try await client.call(API.Archives.deletePassage, path: NestedPath(archive, passage))
    }
}

extension ListArchives: PagedQuery {}
extension ListArchiveAgents: PagedQuery {}
