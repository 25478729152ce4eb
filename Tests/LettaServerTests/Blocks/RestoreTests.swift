import JSON
import LettaAPI
import TestSupport
import Testing

/// A block gets the value of an earlier version again.
@Suite(.timeLimit(.minutes(5))) struct RestoreTests {
    @Test(arguments: Engines.all)
    func `an earlier version comes back as a new one`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            let other = try await server.addOrganization()
            try await server.run([
                .post("/v1/blocks/", ["label": "x", "value": "one", "limit": 10], expect: 200).keep("block"),
                .patch("/v1/blocks/{block}", ["value": "two"], expect: 200),
                .post("/v1/blocks/{block}/restore", ["version": 1], expect: 200, ["value": "one", "label": "x"]),
            ])
            try await server.restart()
            try await server.run([
                .get("/v1/blocks/{block}", expect: 200, ["value": "one"]),
                .get(
                    "/v1/blocks/{block}/history", expect: 200,
                    [
                        ["version": 3, "value": "one", "actor_type": "user"], ["version": 2, "value": "two"],
                        ["version": 1, "value": "one"],
                    ]),
                .post(
                    "/v1/blocks/{block}/restore", ["version": 7], expect: 404,
                    ["detail": .text(containing: "version 7")]),
                .post("/v1/blocks/{block}/restore", ["version": -1], expect: 404),
                .post("/v1/blocks/{block}/restore", [:], expect: 422).field("version"),
                .post("/v1/blocks/{block}/restore", ["version": 1], as: other, expect: 404),
                .post("/v1/blocks/block-\(nobody)/restore", ["version": 1], expect: 404),
                .patch("/v1/blocks/{block}", ["value": "x", "limit": 2], expect: 200),
                .post("/v1/blocks/{block}/restore", ["version": 1], expect: 422).note("longer than the limit is now"),
                .get("/v1/blocks/{block}", expect: 200, ["value": "x"]),
            ])
        }
    }
}
