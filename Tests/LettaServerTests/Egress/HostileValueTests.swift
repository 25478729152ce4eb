import Foundation
import JSON
import LettaAPI
import TestSupport
import Testing

/// Whatever number, time or address comes, from a client or from a model, the server answers, and with a reason.
@Suite(.timeLimit(.minutes(60))) struct HostileValueTests {
    /// Requests per server.
    private static let perServer = 500
    private static let servers = TestRun.isLong ? 200 : 1

    @Test func `no request with a hostile number, time or address fails the server`() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/hostile-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for seed in 1...Self.servers {
            // Backups are made in it.
            try await withServer(on: .sqlite, { $0.environment = ["LETTA_DIR": folder] }) { server in
                try await server.seedEverything()
                var requests = HostileRequests(try await server.get("/openapi.json").json, seed: UInt64(seed))
                var statuses: [Int: Int] = [:]
                for number in 1...Self.perServer {
                    let (verb, path, body) = requests.next()
                    let answer = try await server.send(verb, path, body)
                    statuses[answer.status, default: 0] += 1
                    #expect(
                        answer.status < 500 || answer.status == 501,
                        """
                        seed \(seed), request \(number): \(verb.rawValue) \(path) \
                        \(body.map { JSONWriter.string(of: $0).prefix(1_000) } ?? "")
                        \(answer.text.prefix(300)) \(server.errors.suffix(2))
                        """)
                }
                // The requests get past the first check, often enough.
                #expect((statuses[200] ?? 0) > Self.perServer / 10, "\(statuses)")
                #expect((statuses[422] ?? 0) > Self.perServer / 20, "\(statuses)")
                try await server.get("/v1/agents/?limit=0", as: .legacy).expect(200)
            }
        }
    }

    @Test func `no number or time in a model's tool call fails a turn`() async throws {
        try await withServer(on: .sqlite) { server in
            let agent = try await server.newAgent([
                "embedding": "openai/text-embedding-3-small",
                "tools": ["conversation_search", "archival_memory_search", "memory_insert", "memory"],
            ])
            try await server.send(.post, "/v1/agents/\(agent)/archival-memory", ["text": "x"]).expect(200)
            var values = HostileValues(seed: 7)
            for _ in 1...(TestRun.isLong ? 2_000 : 40) {
                server.model.play(
                    .call(
                        "conversation_search",
                        [
                            "query": "Hi", "limit": values.number(), "start_date": .string(values.time()),
                            "end_date": .string(values.time()),
                        ]),
                    .call(
                        "archival_memory_search",
                        [
                            "query": "x", "top_k": values.number(), "start_datetime": .string(values.time()),
                            "end_datetime": .string(values.time()),
                        ]),
                    .call(
                        "memory_insert", ["label": "human", "new_string": "", "insert_line": values.number()]),
                    .call(
                        "memory",
                        [
                            "command": "insert", "path": "human", "insert_text": "",
                            "insert_line": values.number(),
                        ]))
                try await server.say("Hi", to: agent).expect(200, ["stop_reason": ["stop_reason": "end_turn"]])
                try await server.send(.patch, "/v1/agents/\(agent)/reset-messages", [:]).expect(200)
            }
            #expect(server.errors == [])
        }
    }

    // MARK: Time

    /// Year 1905, and before year 1.
    @Test(arguments: [-2_000_000_000_000_000, -70_000_000_000_000_000, 9_300_000_000_000_000, 400_000_000_000_000_000])
    func `a clock that is wrong by centuries ends no turn`(_ microseconds: Int64) async throws {
        try await withServer(on: .sqlite, { $0.now = { Timestamp(microseconds: microseconds) } }) { server in
            try await server.seedEverything()
            let paths = try await server.operations().filter { $0.verb == .get }.map(\.path)
            for path in paths {
                let answer = try await server.get(path)
                #expect(answer.status == TestServer.status(ofReading: path), "\(path): \(answer.text)")
            }
        }
    }

    @Test func `times beyond the calendar of clients are shown at its ends and not read`() {
        #expect(Timestamp(microseconds: .min).wireText == "0001-01-01T00:00:00.000000Z")
        #expect(Timestamp(microseconds: .max).wireText == "9999-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: -1).wireText == "1969-12-31T23:59:59.999999Z")
        #expect(Timestamp(iso8601: "0001-01-01T00:00:00Z")?.wireText == "0001-01-01T00:00:00.000000Z")
        for text in ["0000-12-31", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"] {
            #expect(Timestamp(iso8601: text) == nil, "\(text)")
        }
    }
}
