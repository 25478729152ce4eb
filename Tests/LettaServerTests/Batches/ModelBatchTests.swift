import JSON
import LettaAPI
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// Batches whose items are answered by the batches of their provider.
@Suite(.timeLimit(.minutes(3))) struct ModelBatchTests {
    @Test(arguments: BatchPlace.formats, Engines.all)
    func `first requests are answered by a batch of the provider, over a restart`(
        _ format: VendorFormat, _ engine: TestEngine
    ) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let (server, fake) = (place.server, place.fake)
            for name in ["ann", "bob", "cid"] { server[name] = try await place.agent(name) }
            try await place.begin(
                BatchTests.request("{ann}", "one"), BatchTests.request("{bob}", "two"),
                BatchTests.request("{cid}", "three"))
            await fake.nextBatch()
            #expect(fake.batches[0].requests.count == 3, "one batch for all of them")
            #expect(try await server.said(by: server["ann"]) == [], "the turn has not begun")
            #expect(try await server.get("/v1/runs/").ids == [])
            try await server.restart()
            try await server.run([
                .get(
                    "/v1/messages/batches/{batch}", expect: 200,
                    ["status": "created", "metadata": ["completed": 0, "deferred": 3]]),
                .get("/v1/messages/batches/{batch}/messages", expect: 200, ["messages": []]),
            ])
            fake.finish()
            let batch = try await place.ended()
            #expect(batch["status"] == "completed" && batch["metadata"]?["completed"]?.int == 3, "\(batch)")
            #expect(fake.attempts == 1 && fake.direct == [])
            for (name, text) in [("ann", "one"), ("bob", "two"), ("cid", "three")] {
                #expect(
                    try await server.said(by: server[name])
                        == ["user_message: \(text)", "assistant_message: batched: \(text)"])
            }
            try await server.run([
                .get("/v1/messages/batches/{batch}/messages", expect: 200, ["messages": .elements(3)]),
                .get(
                    "/v1/steps/?agent_id={ann}", expect: 200, [["prompt_tokens": 700, "completion_tokens": 7]]),
                .get(
                    "/v1/usage/summary", expect: 200,
                    ["total": ["prompt_tokens": 2_100, "turns": 3, "steps": 3, "cost": 0.001071]]
                ).note("half of what a request of its own costs"),
            ])
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.all)
    func `later steps ask at once`(_ format: VendorFormat, _ engine: TestEngine) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let (server, fake) = (place.server, place.fake)
            server["ann"] = try await place.agent(
                "ann", ["memory_blocks": [["label": "human", "value": "Ann"]], "include_base_tools": true])
            fake.answer([
                "remember": .call("memory_insert", ["label": "human", "new_string": "likes rain"])
            ])
            try await place.begin(BatchTests.request("{ann}", "remember"))
            await fake.nextBatch()
            fake.finish()
            #expect(try await place.ended()["status"] == "completed")
            #expect(fake.batches.count == 1 && fake.direct == ["remember"], "the tool's result is answered at once")
            let block = try await server.get("/v1/agents/{ann}/core-memory/blocks/human")
            #expect(block.json["value"]?.string?.contains("likes rain") == true, "\(block.text)")
            #expect(try await server.said(by: server["ann"]).last == "assistant_message: direct: remember")
            #expect(try await server.get("/v1/runs/?agent_id={ann}").ids.count == 1)
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.scenarios)
    func `an agent that was talked to meanwhile is asked anew`(
        _ format: VendorFormat, _ engine: TestEngine
    ) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let (server, fake) = (place.server, place.fake)
            server["ann"] = try await place.agent("ann")
            try await place.begin(BatchTests.request("{ann}", "one"))
            await fake.nextBatch()
            try await server.say("hello", to: server["ann"]).expect(200)
            fake.finish()
            #expect(try await place.ended()["status"] == "completed")
            #expect(fake.direct == ["hello", "one"])
            #expect(
                try await server.said(by: server["ann"]) == [
                    "user_message: hello", "assistant_message: direct: hello", "user_message: one",
                    "assistant_message: direct: one",
                ])
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.all)
    func `the items of an agent build on one another`(_ format: VendorFormat, _ engine: TestEngine) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let (server, fake) = (place.server, place.fake)
            server["ann"] = try await place.agent("ann")
            try await place.begin(BatchTests.request("{ann}", "one"), BatchTests.request("{ann}", "two"))
            await fake.nextBatch()
            #expect(fake.batches[0].requests.count == 1)
            fake.finish()
            try await place.until { fake.batches.count == 2 }
            fake.finish()
            #expect(try await place.ended()["metadata"]?["completed"]?.int == 2)
            #expect(fake.direct == [])
            #expect(
                try await server.said(by: server["ann"]) == [
                    "user_message: one", "assistant_message: batched: one", "user_message: two",
                    "assistant_message: batched: two",
                ])
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.all)
    func `cancelling a batch cancels that of the provider`(_ format: VendorFormat, _ engine: TestEngine) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let (server, fake) = (place.server, place.fake)
            server["ann"] = try await place.agent("ann")
            try await place.begin(BatchTests.request("{ann}", "one"), BatchTests.request("{ann}", "two"))
            await fake.nextBatch()
            try await server.run([
                .patch("/v1/messages/batches/{batch}/cancel", expect: 200, nil),
                .get(
                    "/v1/messages/batches/{batch}", expect: 200,
                    ["status": "cancelled", "metadata": ["cancelled": 2, "completed": 0]]),
            ])
            try await place.until { fake.batches[0].isCancelled }
            try await place.begin(BatchTests.request("{ann}", "three"), as: "next")
            await fake.nextBatch()
            try await server.run([.delete("/v1/jobs/{next}", expect: 200)])
            try await place.until { fake.batches[1].isCancelled }
            fake.finish()
            try await server.restart()
            #expect(try await server.said(by: server["ann"]) == [])
            #expect(fake.direct == [])
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.all)
    func `what the provider does not answer is asked at once`(
        _ format: VendorFormat, _ engine: TestEngine
    ) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let (server, fake) = (place.server, place.fake)
            for name in ["ann", "bob", "cid"] { server[name] = try await place.agent(name) }
            fake.answer(["one": .fail, "two": .nothing])
            try await place.begin(
                BatchTests.request("{ann}", "one"), BatchTests.request("{bob}", "two"),
                BatchTests.request("{cid}", "three"))
            await fake.nextBatch()
            fake.finish()
            #expect(try await place.ended()["metadata"]?["completed"]?.int == 3)
            #expect(fake.direct.sorted() == ["one", "two"] && fake.batches.count == 1)
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.scenarios)
    func `a provider that does not answer for a day is not waited for`(
        _ format: VendorFormat, _ engine: TestEngine
    ) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            place.server["ann"] = try await place.agent("ann")
            try await place.begin(BatchTests.request("{ann}", "one"))
            await place.fake.nextBatch()
            place.clock.advance(by: .seconds(26 * 3_600))
            #expect(try await place.ended()["status"] == "completed")
            #expect(place.fake.batches[0].isCancelled && place.fake.direct.count == 1)
            #expect(place.fake.direct[0].hasSuffix("one"), "it is another day")
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.all)
    func `a batch whose response was lost is found again`(_ format: VendorFormat, _ engine: TestEngine) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let fake = place.fake
            place.server["ann"] = try await place.agent("ann")
            fake.loseResponses(1)
            try await place.begin(BatchTests.request("{ann}", "one"))
            await fake.nextBatch()
            try await place.server.restart()
            fake.finish()
            #expect(try await place.ended()["status"] == "completed")
            #expect(fake.batches.count == 1 && fake.direct == [], "nothing is asked twice")
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.scenarios)
    func `a provider that is down for a while is asked again`(
        _ format: VendorFormat, _ engine: TestEngine
    ) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let fake = place.fake
            place.server["ann"] = try await place.agent("ann")
            fake.refuse(503, 429)
            try await place.begin(BatchTests.request("{ann}", "one"))
            try await place.until { fake.batches.count == 1 }
            fake.finish()
            #expect(try await place.ended()["status"] == "completed")
            #expect(fake.attempts == 3 && fake.direct == [])
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.scenarios)
    func `a key that is refused for a while loses no answers`(
        _ format: VendorFormat, _ engine: TestEngine
    ) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let fake = place.fake
            place.server["ann"] = try await place.agent("ann")
            try await place.begin(BatchTests.request("{ann}", "one"))
            await fake.nextBatch()
            fake.lock(true)
            try await place.until { fake.refusedReads >= 2 }
            fake.lock(false)
            fake.finish()
            #expect(try await place.ended()["status"] == "completed")
            #expect(fake.attempts == 1 && fake.direct == [])
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.all)
    func `a service without batches is found out once`(_ format: VendorFormat, _ engine: TestEngine) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let fake = place.fake
            place.server["ann"] = try await place.agent("ann")
            fake.refuse(404)
            try await place.begin(BatchTests.request("{ann}", "one"))
            #expect(try await place.ended()["status"] == "completed")
            try await place.begin(BatchTests.request("{ann}", "two"), as: "next")
            #expect(try await place.ended("next")["status"] == "completed")
            #expect(fake.attempts == 1 && fake.direct == ["one", "two"])
        }
    }

    @Test(arguments: BatchPlace.formats, Engines.scenarios)
    func `a refused batch is asked one by one`(_ format: VendorFormat, _ engine: TestEngine) async throws {
        try await BatchPlace.serving(format, on: engine) { place in
            let fake = place.fake
            place.server["ann"] = try await place.agent("ann")
            fake.refuse(400)
            try await place.begin(BatchTests.request("{ann}", "one"))
            #expect(try await place.ended()["status"] == "completed")
            try await place.begin(BatchTests.request("{ann}", "two"), as: "next")
            await fake.nextBatch()
            fake.finish()
            #expect(try await place.ended("next")["status"] == "completed")
            #expect(fake.attempts == 2 && fake.direct == ["one"])
        }
    }

    @Test(arguments: Engines.scenarios)
    func `a batch that has no room beside others is submitted again`(_ engine: TestEngine) async throws {
        try await BatchPlace.serving(.chat, on: engine) { place in
            let (server, fake) = (place.server, place.fake)
            for name in ["ann", "bob"] { server[name] = try await place.agent(name) }
            fake.limit(to: 1)
            try await place.begin(BatchTests.request("{ann}", "one"))
            await fake.nextBatch()
            try await place.begin(BatchTests.request("{bob}", "two"), as: "next")
            try await place.until { fake.batches.count(where: \.isRefused) >= 2 }
            fake.finish()
            #expect(try await place.ended()["status"] == "completed")
            try await place.until { fake.batches.last?.isRefused == false }
            fake.finish()
            #expect(try await place.ended("next")["status"] == "completed")
            #expect(fake.direct == [])

            fake.limit(to: 0)
            try await place.begin(BatchTests.request("{ann}", "three"), as: "last")
            #expect(try await place.ended("last")["status"] == "completed")
            #expect(fake.direct == ["three"], "there will never be room")
        }
    }

    @Test(arguments: Engines.all)
    func `no table is read from end to end`(_ engine: TestEngine) async throws {
        let scans = WatchingStorage.Scans()
        for format in BatchPlace.formats {
            try await BatchPlace.serving(
                format, on: engine, { $0.wrapStorage = { WatchingStorage(base: $0, scans: scans) } }
            ) { place in
                let (server, fake) = (place.server, place.fake)
                for name in ["ann", "bob"] { server[name] = try await place.agent(name) }
                _ = scans.take()
                fake.answer(["two": .fail])
                fake.loseResponses(1)
                try await place.begin(BatchTests.request("{ann}", "one"), BatchTests.request("{bob}", "two"))
                await fake.nextBatch()
                try await server.restart()
                fake.finish()
                #expect(try await place.ended()["status"] == "completed")
                try await place.begin(BatchTests.request("{ann}", "three"), as: "next")
                await fake.nextBatch()
                try await server.run([.patch("/v1/messages/batches/{next}/cancel", expect: 200, nil)])
                try await place.until { fake.batches[1].isCancelled }
                // Parts of uploads are there only until the file is read.
                for (sql, tables) in scans.take() where tables != ["file_upload_part"] {
                    Issue.record("all of \(tables.sorted().joined(separator: ", ")) is read: \(sql)")
                }
            }
        }
    }

    @Test func `a service that nobody has named is not given batches`() async throws {
        try await BatchPlace.serving(.chat, on: .sqlite, isUsed: false) { place in
            place.server["ann"] = try await place.agent("ann")
            try await place.begin(BatchTests.request("{ann}", "one"))
            #expect(try await place.ended()["status"] == "completed")
            #expect(place.fake.attempts == 0 && place.fake.direct == ["one"])
        }
    }

    @Test func `addresses of services`() {
        func settings(_ address: String) -> ProviderSettings { ProviderSettings(name: "x", baseURL: address) }
        #expect(BatchEndpoints.official.contains(settings("https://api.openai.com/v1")))
        #expect(BatchEndpoints.official.contains(settings("https://api.anthropic.com")))
        #expect(!BatchEndpoints.official.contains(settings("http://127.0.0.1:1/v1")))
        #expect(!BatchEndpoints.none.contains(settings("https://api.openai.com/v1")))
        let gateway = BatchEndpoints(["https://Gateway.example.org/v1/"])
        #expect(gateway.contains(settings("https://gateway.example.org/v1")))
    }
}
