import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// Clients hear of changes as they happen.
@Suite(.timeLimit(.minutes(2))) struct ChangeFeedTests {
    private static let ours = Organization.defaultID.rawValue

    /// What a reader gets until it has a notice of each kind.
    private func notices(
        _ reader: ChangeFeed.NewsReader, until kinds: Set<String>
    ) async throws -> [ChangeNotice] {
        var found: [ChangeNotice] = []
        for await _ in reader.bell {
            guard case .changed(let new) = reader.next() else { Issue.record("missed"); break }
            found += new
            if kinds.isSubset(of: found.map(\.kind)) { break }
        }
        return found
    }

    @Test func `a reader that does not read keeps each notice once, and not too many`() async throws {
        let feed = ChangeFeed()
        let reader = try #require(feed.reader(of: "a"))
        for _ in 1...3 { feed.publish(ChangeNotice("agents", ["1"]), in: "a") }
        feed.publish(ChangeNotice("agents", ["2"]), in: "b")
        #expect(reader.next() == .changed([ChangeNotice("agents", ["1"])]))
        #expect(reader.next() == .changed([]))
        for number in 0...ChangeFeed.mostPending { feed.publish(ChangeNotice("agents", ["\(number)"]), in: "a") }
        #expect(reader.next() == .missed)
        feed.publish(ChangeNotice("agents", ["3"]), in: "a")
        #expect(reader.next() == .changed([ChangeNotice("agents", ["3"])]))
    }

    @Test func `readers are limited, and leave`() async throws {
        let feed = ChangeFeed()
        var readers = (0..<ChangeFeed.mostReaders).map { _ in feed.reader(of: "a") }
        #expect(readers.allSatisfy { $0 != nil } && feed.reader(of: "a") == nil)
        readers = []
        #expect(feed.reader(of: "a") != nil)
    }

    @Test(arguments: Engines.all)
    func `requests and turns are told by ids alone, to their organization`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let stranger = try await server.addOrganization()
            let user = try #require(stranger.headers["user_id"])
            let theirs = try #require(server.changes.reader(of: "org-of-nobody"))
            let reader = try #require(server.changes.reader(of: Self.ours))
            server["agent"] = try await server.newAgent("Secret name", ["tools": ["memory_insert"]])
            try await server.run([
                .get("/v1/agents/{agent}", expect: 200),
                .patch("/v1/agents/{agent}", ["name": "x"], expect: 200),
                .patch("/v1/agents/{agent}", ["name": 5], expect: 422),
                .post("/v1/agents/search", [:], expect: 200),
                .patch("/v1/agents/{agent}/tools/approval/memory_insert", ["requires_approval": true], expect: 200),
            ])
            #expect(
                reader.next()
                    == .changed([ChangeNotice("agents", []), ChangeNotice("agents", [server["agent"]])]), "\(user)")
            server.model.play(.call("memory_insert", ["label": "human", "new_string": "y"]))
            try await server.say("Hello", to: server["agent"]).expect(200)
            let found = try await notices(reader, until: ["runs", "steps", "approvals", "agents"])
            let waiting = try #require(found.first { $0.kind == "approvals" })
            let run = try #require(found.first { $0.kind == "runs" })
            #expect(run.ids.contains(server["agent"]) && run.ids.contains { $0.hasPrefix("run-") })
            #expect(Set(run.ids).isSubset(of: waiting.ids))
            #expect(found.flatMap(\.ids).allSatisfy { $0.hasPrefix("run-") || $0.hasPrefix("agent-") })
            #expect(theirs.next() == .changed([]))
        }
    }

    @Test func `the stream tells that it is ready, of changes, and that it lives`() async throws {
        let clock = ManualClock()
        let feed = ChangeFeed()
        let reader = try #require(feed.reader(of: "a"))
        var frames = ChangeFrames(reader: reader, clock: clock).makeAsyncIterator()
        func text() async throws -> String { String(decoding: try #require(try await frames.next()), as: UTF8.self) }
        #expect(try await text() == "event: ready\ndata: {\"covers_all\":true}\n\n")
        feed.publish(ChangeNotice("runs", ["run-1", "agent-1"]), in: "a")
        #expect(
            try await text() == "event: change\ndata: {\"kind\":\"runs\",\"ids\":[\"run-1\",\"agent-1\"]}\n\n")
        for number in 0...ChangeFeed.mostPending { feed.publish(ChangeNotice("runs", ["\(number)"]), in: "a") }
        #expect(try await text() == "event: resync\ndata: {}\n\n")
        async let beat: Void = {
            await clock.waitForSleeper(dueWithin: .seconds(15))
            clock.advance(by: .seconds(15))
        }()
        #expect(try await text() == "event: beat\ndata: {}\n\n")
        await beat
    }

    @Test func `a client that does not ask for a stream gets none`() async throws {
        try await withServer(on: .sqlite) { server in
            try await server.run([
                .get("/v1/server/events", expect: 406, ["detail": .text(containing: "text/event-stream")])
            ])
        }
    }
}
