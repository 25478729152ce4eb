import JSON
import LettaAPI
import LettaClient
import TestSupport
import Testing

/// An answer leaves the server after the fsync of what it promises.
@Suite(.timeLimit(.minutes(5))) struct AnswerDurabilityTests {
    private typealias Event = FaultyFileSystem.Event

    private static let answered = Event.other("answered")
    private static let released = Event.other("released")

    /// The last write was synced, and only then the client heard of it.
    private func expectSyncedBeforeAnswer(_ files: FaultyFileSystem) throws {
        let events = files.events
        let write = try #require(events.lastIndex(of: .write), "nothing was written: \(events)")
        let sync = try #require(events.lastIndex(of: .sync), "nothing was synced: \(events)")
        let answer = try #require(events.firstIndex(of: Self.answered), "\(events)")
        #expect(write < sync && sync < answer, "\(events)")
    }

    /// Lets other requests be answered while an fsync is held, then releases it.
    private func release(_ held: FaultyFileSystem.HeldSync, _ files: FaultyFileSystem, _ server: TestServer)
        async throws
    {
        await held.started()
        for _ in 0..<3 { try await server.get("/v1/blocks/").expect(200) }
        files.record("released")
        held.release()
    }

    @Test func `a JSON answer comes after the fsync`() async throws {
        let files = FaultyFileSystem()
        try await withServer(on: .sqlite, { $0.fileSystem = files }) { server in
            let agent = try await server.newAgent()
            let block: JSONValue = ["label": "human", "value": "x"]
            for (path, body) in [("/v1/blocks/", block), ("/v1/agents/\(agent)/messages", ["input": "Hi"])] {
                files.clear()
                try await server.send(.post, path, body).expect(200)
                files.record("answered")
                try expectSyncedBeforeAnswer(files)
            }

            files.clear()
            let held = files.holdNextSync()
            async let answer = server.send(.post, "/v1/blocks/", block)
            try await release(held, files, server)
            try await answer.expect(200)
            files.record("answered")
            try expectSyncedBeforeAnswer(files)
            let released = try #require(files.events.firstIndex(of: Self.released))
            #expect(try released < #require(files.events.firstIndex(of: Self.answered)), "\(files.events)")
        }
    }

    @Test func `a failed fsync is not answered with success`() async throws {
        let files = FaultyFileSystem()
        try await withServer(on: .sqlite, { $0.fileSystem = files }) { server in
            files.failSyncs()
            let answer = try await server.send(.post, "/v1/blocks/", ["label": "human", "value": "x"])
            #expect(answer.status == 503, "\(answer.text)")
            #expect(files.events.contains(.failedSync))
            try await server.send(.post, "/v1/blocks/", ["label": "human", "value": "x"]).expect(200)
        }
    }

    @Test func `the end of a stream comes after the fsync of the last step`() async throws {
        let files = FaultyFileSystem()
        try await withServer(on: .sqlite, { $0.fileSystem = files }) { server in
            let agent = try await server.newAgent()
            let model = ScriptedModel.Hold()
            server.model.play(.hold(model, then: .say("late")))
            try await server.serving { address in
                try await LettaClient.withClient(baseURL: address) { client in
                    async let stream: Void = {
                        for try await event in client.stream(SendMessages("Hi"), to: ID(agent)) {
                            if case .stopReason = event { files.record("answered") }
                        }
                    }()
                    await model.reached()
                    files.clear()
                    let held = files.holdNextSync()
                    model.release()
                    try await release(held, files, server)
                    try await stream
                }
            }
            try expectSyncedBeforeAnswer(files)
            let events = files.events
            let released = try #require(events.firstIndex(of: Self.released))
            #expect(try released < #require(events.firstIndex(of: Self.answered)), "\(events)")
        }
    }
}
