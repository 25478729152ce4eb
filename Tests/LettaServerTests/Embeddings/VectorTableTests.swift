import JSON
import LettaAPI
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// The scan finds what an exact search finds.
struct VectorTableTests {
    /// The same numbers on every run.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64 = 42

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    private static func vectors(_ count: Int, dimensions: Int, _ numbers: inout Numbers) -> [[Float]] {
        (0..<count).compactMap { _ in
            Vector.normalized((0..<dimensions).map { _ in Float.random(in: -1...1, using: &numbers) })
        }
    }

    private static func key(_ number: Int) throws -> VectorKey {
        let text = String(number, radix: 16)
        let digits = String(repeating: "0", count: 12 - text.count) + text
        return try #require(VectorKey("passage-00000000-0000-4000-8000-\(digits)"))
    }

    @Test func `an id outlives its key`() throws {
        let id = "passage-0193a5b2-cafe-4abc-89ab-0123456789af"
        #expect(VectorKey(id)?.id == id)
        #expect(VectorKey("archive-0193a5b2-cafe-4abc-89ab-0123456789af") == nil)
        #expect(VectorKey("passage-0193a5b2-cafe-4abc-89ab-0123456789zz") == nil)
        #expect(VectorKey("passage-1") == nil)
    }

    @Test func `a stored vector is read as it was`() {
        let vector: [Float] = [0.25, -1, 0, 1e-30, 3.5]
        #expect(Vector.numbers(Vector.bytes(vector)) == vector)
        #expect(Vector.normalized([0, 0]) == nil)
        #expect(Vector.normalized([.infinity, 1]) == nil)
        #expect(Vector.normalized([3, 4]) == [0.6, 0.8])
    }

    @Test func `a vector of bytes is nearly the same`() throws {
        let (one, other) = (QuantizedVector([0.6, -0.8, 0]), QuantizedVector([0.8, 0.6, 0]))
        #expect(QuantizedVector(bytes: one.bytes) == one)
        #expect(one.bytes.count == 7)
        #expect(QuantizedVector(bytes: []) == nil)
        #expect(abs(try #require(one.similarity(to: one)) - 1) < 0.01)
        #expect(abs(try #require(one.similarity(to: other))) < 0.01)
        #expect(one.similarity(to: QuantizedVector([1])) == nil)
        #expect(VectorKey(position: 70_000).position == 70_000)
    }

    @Test func `the candidates of the scan hold the ten best of an exact search`() throws {
        var numbers = Numbers()
        let (rows, dimensions) = (3_000, 96)
        let vectors = Self.vectors(rows, dimensions: dimensions, &numbers)
        var table = VectorTable(dimensions: dimensions)
        // In two parts, so that a block is added to.
        for range in [0..<1_000, 1_000..<rows] {
            table.append(try range.map { (key: try Self.key($0), vector: vectors[$0]) })
        }
        #expect(table.count == rows && table.size <= rows * 600)
        var hits = 0
        let queries = Self.vectors(10, dimensions: dimensions, &numbers)
        for query in queries {
            let exact = vectors.indices.map { ($0, Vector.similarity(query, vectors[$0])) }.sorted { $0.1 > $1.1 }
                .prefix(10).map(\.0)
            let found = Set(table.nearest(to: query, count: 100).map(\.key))
            hits += try exact.count { found.contains(try Self.key($0)) }
            let best = table.nearest(to: query, count: 1)[0]
            #expect(abs(Double(best.similarity) - Vector.similarity(query, vectors[exact[0]])) < 0.02)
        }
        #expect(Double(hits) / Double(queries.count * 10) >= 0.99)
    }

    @Test func `removed rows and rows that are not allowed are not found`() throws {
        var table = VectorTable(dimensions: 2)
        let rows: [(key: VectorKey, vector: [Float])] = try (0..<10).map { number in
            (key: try Self.key(number), vector: [Float(number) / 10, 1])
        }
        table.append(rows)
        table.append([(key: try Self.key(99), vector: [1, 2, 3])])
        #expect(table.count == 10, "vectors of another length are left out")
        table.remove([try Self.key(9)])
        let best = table.nearest(to: [1, 0], count: 3).map(\.key)
        #expect(best == [try Self.key(8), try Self.key(7), try Self.key(6)])
        let allowed: Set = [try Self.key(2), try Self.key(4)]
        #expect(table.nearest(to: [1, 0], count: 3, among: allowed).map(\.key) == [try Self.key(4), try Self.key(2)])
        #expect(table.nearest(to: [1, 0, 0], count: 3).isEmpty)
    }

    @Test func `normalised scores are added up`() {
        let sums = ScoreFusion.sums([
            ScoreFusion.Signal(weight: 1, scores: ["a": 0, "b": 10]), ScoreFusion.Signal(weight: 0.5, scores: ["b": 1]),
            ScoreFusion.Signal(weight: 1, scores: ["a": 2, "c": 4]),
        ])
        #expect(sums == ["a": -2, "b": 1, "c": 1])
    }
}

/// What memory holds follows the database.
@Suite(.timeLimit(.minutes(5))) struct VectorIndexTests {
    private static let scope = Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)

    private func add(_ text: String, _ server: TestServer) async throws {
        let answer = try await server.send(.post, "/v1/archives/{archive}/passages", ["text": .string(text)])
        try #require(answer.status == 200, "\(answer.text)")
        server[text] = answer.id
    }

    private func set(of server: TestServer) async throws -> VectorSet {
        let archive = server["archive"]
        return try #require(
            try await server.storage.read(as: Self.scope) { try VectorStore.currentSets(of: [archive], $0) }.first)
    }

    private func nearest(_ text: String, in index: VectorIndex, _ server: TestServer) async throws -> [String] {
        let query = try #require(Vector.normalized(WordVectors.vector(of: text)))
        return try await index.nearest(
            to: query, in: PassageVectors(set: try await set(of: server), scope: Self.scope), count: 2, among: nil
        ).map(\.key.id)
    }

    @Test(arguments: Engines.all)
    func `changes of others are seen`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            server.model.embed(with: WordVectors.embedder)
            try await server.run([
                .post("/v1/archives/", ["name": "a", "embedding": EmbeddingTests.model], expect: 200).keep("archive")
            ])
            try await add("red car", server)
            // Another process has an index of its own on the same database; one has no memory to keep anything in.
            for index in [VectorIndex(storage: server.storage), VectorIndex(storage: server.storage, capacity: 10)] {
                #expect(try await nearest("vehicle", in: index, server) == [server["red car"]])
                try await add("blue cat", server)
                #expect(try await nearest("feline", in: index, server).first == server["blue cat"])
                try await server.run([.delete("/v1/archives/{archive}/passages/{blue cat}", expect: 204)])
            }
            let index = VectorIndex(storage: server.storage)
            _ = try await nearest("vehicle", in: index, server)
            #expect(index.size == 64 + 16 + 4)
        }
    }
}
