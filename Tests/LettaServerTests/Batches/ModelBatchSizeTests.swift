import JSON
import TestSupport
import Testing

@testable import LettaServer

/// Batches with more items than a batch of the provider takes.
@Suite(.timeLimit(.minutes(5))) struct ModelBatchSizeTests {
    @Test func `a large batch is submitted in parts`() async throws {
        try await BatchPlace.serving(.anthropic, on: .sqlite) { place in
            let (server, fake) = (place.server, place.fake)
            let count = ModelBatchQueue.largestCount + 20
            var requests: [JSONValue] = []
            for index in 0..<count {
                requests.append(BatchTests.request(try await place.agent("agent \(index)"), "text \(index)"))
            }
            try await server.run([
                .post("/v1/messages/batches", ["requests": .array(requests)], expect: 200).keep("batch")
            ])
            // No time passes, for which requests would be sent without the others.
            _ = try await server.until("/v1/messages/batches") { _ in
                fake.batches.map(\.requests.count).reduce(0, +) == count
            }
            #expect(fake.batches[0].requests.count == ModelBatchQueue.largestCount, "the first is full")
            let ids = Set(fake.batches.flatMap(\.requests).map(\.id))
            #expect(ids.count == count, "each request is in one batch")
            fake.finish()
            let batch = try await place.ended()
            #expect(batch["metadata"]?["completed"]?.int == Int64(count), "\(batch)")
            #expect(fake.direct == [])
        }
    }
}
