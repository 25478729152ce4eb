import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

/// Files are found by what their passages mean.
@Suite(.timeLimit(.minutes(2))) struct FolderEmbeddingTests {
    private func newFolder(_ server: TestServer) async throws -> String {
        try await server.run([
            .post("/v1/folders/", ["name": "docs", "embedding": EmbeddingTests.model], expect: 200).keep("docs")
        ])
        return server["docs"]
    }

    /// What the tool finds, as the agent reads it.
    private func search(_ query: String, on server: TestServer) async throws -> String {
        server.model.play(.call("semantic_search_files", ["query": .string(query), "limit": 1]), .say("done"))
        return try await server.say("go", to: server["agent"]).text
    }

    @Test(arguments: Engines.all)
    func `files are embedded after reading`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let hold = ScriptedModel.Hold()
            server.model.embed(pausingAt: hold) { texts, model in
                await hold.stop()
                return await WordVectors.embedder(texts, model)
            }
            let folder = try await newFolder(server)
            let text = (1...400).map { "Sentence \($0) tells nothing of interest." } + ["Ann bought a car."]
            let id = try await server.upload("a.txt", text.joined(separator: " "), to: folder).json["id"]?.string
            await hold.reached()
            let path = "/v1/folders/\(folder)/files/\(try #require(id))"
            while try await server.get(path).json["processing_status"] != "embedding" { await Task.yield() }
            #expect(try await server.get(path).json["chunks_embedded"] == 0)
            hold.release()
            let file = try await server.readFile(try #require(id), in: folder)
            #expect(file["processing_status"] == "completed" && file["error_message"] == .null)
            #expect(file["chunks_embedded"] == file["total_chunks"] && file["total_chunks"] != 1)
            let passages = try await server.get("/v1/folders/\(folder)/passages?limit=1").json
            #expect(passages[0]?["embedding"]?.array?.count == 4_096)
            server["agent"] = try await server.newAgent("Ada", ["folder_ids": [.string(folder)]])
            let shown = try await search("vehicle", on: server)
            #expect(shown.contains("Ann bought a car."), "\(shown)")
            try await server.restart()
            #expect(try await search("vehicle", on: server).contains("Ann bought a car."))
            try await server.run([
                .get("/v1/folders/{docs}/embedding", expect: 200, ["waiting": 0]),
                .get("/v1/folders/source-\(nobody)/embedding", expect: 404),
                .post("/v1/folders/source-\(nobody)/embedding", ["embedding": EmbeddingTests.model], expect: 404),
                .delete("/v1/folders/{docs}/\(try #require(id))", expect: 204),
                .get("/v1/folders/{docs}/embedding", expect: 200, ["passages": 0]),
            ])
        }
    }

    @Test func `a server that stops in the middle goes on`() async throws {
        try await withServer(on: .sqlite) { server in
            let hold = ScriptedModel.Hold()
            server.model.embed(pausingAt: hold) { _, _ in
                await hold.stop()
                return .failure(ProviderFailure(.cancelled, message: "stopped"))
            }
            let folder = try await newFolder(server)
            let id = try await server.upload("a.txt", "Ann bought a car.", to: folder).json["id"]?.string ?? ""
            await hold.reached()
            try await server.whileStopped {
                server.model.embed(with: WordVectors.embedder)
            }
            try await server.waitForEmbedding("folders/{docs}") { $0["waiting"] == 0 }
            let file = try await server.readFile(id, in: folder)
            #expect(file["processing_status"] == "completed" && file["chunks_embedded"] == 1)
            #expect(file["error_message"] == .null)
        }
    }

    @Test func `a file whose model does not answer is found by its words and says so`() async throws {
        try await withServer(on: .sqlite) { server in
            server.model.embed { _, _ in .failure(ProviderFailure(.connection, message: "refused")) }
            let folder = try await newFolder(server)
            let id = try await server.upload("a.txt", "Ann bought a car.", to: folder).json["id"]?.string ?? ""
            let file = try await server.readFile(id, in: folder)
            #expect(file["processing_status"] == "completed" && file["chunks_embedded"] == 0)
            #expect(file["error_message"]?.string?.contains("found by its words") == true)
            server["agent"] = try await server.newAgent("Ada", ["folder_ids": [.string(folder)]])
            #expect(try await search("car", on: server).contains("Ann bought a car."))
            server.model.embed(with: WordVectors.embedder)
            try await server.restart()
            try await server.waitForEmbedding("folders/{docs}") { $0["waiting"] == 0 }
            let path = "/v1/folders/\(folder)/files/\(id)"
            while try await server.get(path).json["chunks_embedded"] != 1 { await Task.yield() }
            #expect(try await server.get(path).json["error_message"] == .null)
        }
    }

    @Test func `a folder without a model is searched by words`() async throws {
        try await withServer(on: .sqlite) { server in
            try await server.run([
                .post("/v1/folders/", ["name": "docs"], expect: 200, ["embedding_config": nil]).keep("docs")
            ])
            let id = try await server.upload("a.txt", "Ann bought a car.", to: server["docs"]).json["id"]?.string ?? ""
            let file = try await server.readFile(id, in: server["docs"])
            #expect(file["processing_status"] == "completed" && file["chunks_embedded"] == 1)
            server["agent"] = try await server.newAgent("Ada", ["folder_ids": ["{docs}"]])
            #expect(try await search("cars", on: server).contains("Ann bought a car."))
            server.model.embed(with: WordVectors.embedder)
            try await server.run([
                .post("/v1/folders/{docs}/embedding", ["embedding": EmbeddingTests.model], expect: 200)
            ])
            try await server.waitForEmbedding("folders/{docs}") { $0["waiting"] == 0 && $0["passages"] == 1 }
            #expect(try await search("vehicle", on: server).contains("Ann bought a car."))
        }
    }
}
