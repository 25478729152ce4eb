import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// A server whose provider has batches, and a clock that only the test moves.
struct BatchPlace: Sendable {
    let server: TestServer
    let fake: FakeBatchService
    let clock: ManualClock
    let handle: JSONValue

    func agent(_ name: String, _ fields: JSONObject = [:]) async throws -> String {
        var all: JSONObject = ["agent_type": "letta_v1_agent", "model": handle]
        for (key, value) in fields { all[key] = value }
        return try await server.newAgent(name, all)
    }

    func begin(_ requests: JSONValue..., as name: String = "batch") async throws {
        try await server.run([
            .post("/v1/messages/batches", ["requests": .array(requests)], expect: 200).keep(name)
        ])
    }

    /// The batch once it has ended, for which time passes.
    func ended(_ name: String = "batch") async throws -> JSONValue {
        try await server.until("/v1/messages/batches/{\(name)}") { batch in
            pass()
            return ["completed", "failed", "cancelled"].contains(batch["status"]?.string)
        }
    }

    /// Time passes while somebody waits for it, so that it does not run away from who is at work.
    private func pass() {
        if clock.sleeperCount > 0 { clock.advance(by: .seconds(2)) }
    }

    /// Lets time pass until something holds.
    func until(_ isReached: () -> Bool) async throws {
        _ = try await server.until("/v1/messages/batches") { _ in
            pass()
            return isReached()
        }
    }

    /// Those that have batches.
    static let formats = [VendorFormat.anthropic, .chat, .responses]

    static func serving(
        _ format: VendorFormat, on engine: TestEngine, isUsed: Bool = true,
        _ change: (inout TestServer.Options) -> Void = { _ in },
        _ body: (BatchPlace) async throws -> Void
    ) async throws {
        try await FakeBatchService.serving(streaming: format.text) { fake in
            let clock = ManualClock()
            try await withServer(
                on: engine,
                {
                    $0.provider = fake.client(format.kind)
                    $0.clock = clock
                    $0.now = {
                        let seconds = 1_800_000_000 + clock.now.offset.components.seconds
                        return Timestamp(microseconds: seconds * 1_000_000)
                    }
                    $0.environment["LETTA_MODEL_PRICES"] = #"{"m": {"input": 1, "output": 2}}"#
                    $0.environment["LETTA_BATCH_ENDPOINTS"] = isUsed ? fake.baseURL : "https://example.org/v1"
                    change(&$0)
                }
            ) { server in
                let models = try await server.get("/v1/models/")
                let handle = try #require(models.json[0]?["handle"], "\(models.text)")
                try await body(BatchPlace(server: server, fake: fake, clock: clock, handle: handle))
            }
        }
    }
}
