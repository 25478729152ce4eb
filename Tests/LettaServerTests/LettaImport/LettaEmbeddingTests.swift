import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Archives and folders of Letta whose embedding models are not to be had here.
@Suite(.timeLimit(.minutes(3))) struct LettaEmbeddingTests {
    private static let free: JSONValue = [
        "embedding_endpoint_type": "openai", "embedding_model": "letta-free", "embedding_dim": 3,
        "embedding_endpoint": "http://127.0.0.1:9/v1", "handle": "letta/letta-free",
    ]

    private func model(_ name: String) -> JSONValue {
        [
            "embedding_endpoint_type": "openai", "embedding_model": .string(name), "embedding_dim": 3,
            "handle": .string("openai/\(name)"),
        ]
    }

    private func id(_ prefix: String, _ number: Int) -> String { LettaDatabase.id(prefix, number) }

    /// Archives by a hosted model (11), one that a configured service lacks (12), and one of a service that is down (13); a
    /// folder by the hosted model (11).
    private func fill(_ letta: LettaDatabase) async throws {
        try await letta.fill(agents: 1)
        try await letta.storage.write { db in
            for (number, config) in [(11, Self.free), (12, model("gone")), (13, model("down"))] {
                try LettaDatabase.insert(
                    "archives",
                    [
                        "id": .string(id("archive", number)), "name": .string("archive \(number)"),
                        "vector_db_provider": "NATIVE", "embedding_config": config,
                    ], db)
                try LettaDatabase.insert(
                    "archival_passages",
                    [
                        "id": .string(id("passage", 100 + number)), "archive_id": .string(id("archive", number)),
                        "text": "Ann bought a car", "metadata_": [:], "tags": [], "embedding": "[1,2,3]",
                    ], db)
            }
            try LettaDatabase.insert(
                "sources",
                [
                    "id": .string(id("source", 11)), "name": "more", "embedding_config": Self.free,
                    "vector_db_provider": "NATIVE",
                ], db)
            try LettaDatabase.insert(
                "files",
                [
                    "id": .string(id("file", 11)), "source_id": .string(id("source", 11)), "file_name": "c.txt",
                    "processing_status": "completed",
                ], db)
            try LettaDatabase.insert(
                "source_passages",
                [
                    "id": .string(id("passage", 121)), "source_id": .string(id("source", 11)),
                    "file_id": .string(id("file", 11)), "file_name": "c.txt", "text": "Ann sold a car",
                    "metadata_": [:],
                ], db)
        }
    }

    /// What the server says of the vectors of an archive or a folder, once it has no other ones to make.
    private func settled(_ path: String, by model: String, on server: TestServer) async throws -> JSONValue {
        var state = JSONValue.null
        for _ in 0..<6_000 {
            state = try await server.get("\(path)/embedding").json
            let name = state["embedding_config"]?["embedding_model"]?.string
            if name == model, state["waiting"] == 0, state["next"]?.isNull != false { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        return state
    }

    private func marked(_ storage: any StorageEngine) async throws -> [String] {
        try await storage.read { try ImportedEmbeddingStore.page(after: nil, limit: 100, $0).map(\.owner.id) }.sorted()
    }

    @Test(arguments: Engines.all)
    func `what lost its model is moved to the default one when the server starts`(_ engine: TestEngine) async throws {
        try await LettaDatabase.with(engine) { letta in
            try await fill(letta)
            try await withServer(on: engine) { server in
                server.model.embed { texts, model in
                    switch model {
                    case "gone": .failure(ProviderFailure(.notFound, message: "no such model"))
                    case "down": .failure(ProviderFailure(.connection, message: "nobody answers"))
                    default: await WordVectors.embedder(texts, model)
                    }
                }
                try await server.whileStopped {
                    let storage = try await server.database.open()
                    let report = try await LettaImportTests().imported(letta, storage)
                    let note = report.notes.first { $0.key.hasPrefix("an archive is by letta/letta-free") }
                    #expect(note?.value == 1, "\(report.notes)")
                    #expect(try await marked(storage).count == 7, "with the agent; three by models that are here")
                    await storage.close()
                }
                let name = "text-embedding-3-small"
                for path in [
                    "archives/\(id("archive", 11))", "archives/\(id("archive", 12))", "folders/\(id("source", 11))",
                ] {
                    let state = try await settled("/v1/\(path)", by: name, on: server)
                    #expect(state["embedding_config"]?["embedding_model"]?.string == name, "\(path): \(state)")
                    #expect(
                        state["passages"] == 1 && state["waiting"] == 0 && state["next"] == .null, "\(path): \(state)")
                }
                let kept = try await settled("/v1/archives/\(id("archive", 1))", by: "e", on: server)
                #expect(kept["embedding_config"]?["embedding_model"] == "e", "its model is here")
                let waiting = try await server.get("/v1/archives/\(id("archive", 13))/embedding").json
                #expect(waiting["embedding_config"]?["embedding_model"] == "down", "its service may come back")
                let found = try await server.send(
                    .post, "/v1/passages/search", ["query": "vehicle", "archive_id": .string(id("archive", 11))])
                #expect(found.json[0]?["passage"]?["text"] == "Ann bought a car", "\(found.text)")
                try await server.restart()
                #expect(try await marked(server.storage) == [id("archive", 13)])
            }
        }
    }

    @Test func `without any embedding model everything stays, and waits for the next start`() async throws {
        try await LettaDatabase.with(.sqlite) { letta in
            try await fill(letta)
            try await withServer(on: .sqlite) { server in
                let core = Core(
                    storage: server.storage, ids: .random, now: { .now }, clock: ContinuousClock(),
                    logger: Logger(label: "test"))
                _ = try await LettaImportTests().imported(letta, server.storage)
                let before = try await marked(server.storage)
                try await withoutModels(core) { try await PassageEmbedder(core: core, models: $0).imported.look() }
                #expect(try await marked(server.storage) == before)
                let config = try await server.get("/v1/archives/\(id("archive", 11))").json["embedding_config"]
                #expect(config?["handle"] == "letta/letta-free")
            }
        }
    }
}
