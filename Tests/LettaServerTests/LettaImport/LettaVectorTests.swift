import Foundation
import JSON
import LettaAPI
import TestSupport
import Testing

@testable import LettaServer

/// Vectors in the forms in which databases of Letta have them.
struct LettaVectorTests {
    private let config: EmbeddingConfig = {
        var config = EmbeddingConfig(embeddingEndpointType: "openai", embeddingModel: "e", embeddingDim: 3)
        config.handle = "openai/e"
        return config
    }()

    private func numbers(_ embedding: JSONValue, by model: JSONValue = LettaDatabase.embedding) -> [Float]? {
        let row = LettaRow(["id": "passage-1", "embedding": embedding, "embedding_config": model], key: [])
        return LettaVector.numbers(of: row, by: config)
    }

    @Test func `a list, a text and bytes are the same vector, of length 1`() {
        let bytes = Data(Vector.bytes([0, 3, 4] + Array(repeating: 0, count: 4_093)))
        let forms: [JSONValue] = [
            [0, 3, 4], [0, 3.0, 4, 0, 0], "[0,3,4]", "[0, 3.0e0, 4, 0]", .string(bytes.base64EncodedString()),
            .string(Data(bytes.base64EncodedString().utf8).base64EncodedString()),
        ]
        for form in forms { #expect(numbers(form) == [0, 0.6, 0.8], "\(form)") }
        #expect(numbers([0, 3, 4], by: .null) == [0, 0.6, 0.8], "a passage that names no model has the archive's")
    }

    @Test func `what is no vector of the model is not taken`() {
        let forms: [JSONValue] = [
            .null, "", "[", "[1,2", "no base64!", [1, 2], [0, 0, 0], [0, 3, 4, 5], [.double(.infinity), 1, 1], 7,
            "[true,1,2]",
            .string(Data([1, 2, 3]).base64EncodedString()),
        ]
        for form in forms { #expect(numbers(form) == nil, "\(form)") }
        var other = LettaDatabase.embedding.object ?? [:]
        other["embedding_dim"] = 2
        #expect(numbers([0, 3, 4], by: .object(other)) == nil)
        other["embedding_dim"] = 3
        other["embedding_model"] = "another"
        #expect(numbers([0, 3, 4], by: .object(other)) == nil)
        #expect(numbers([0, 3, 4], by: ["embedding_model": 7]) == nil)
    }
}
