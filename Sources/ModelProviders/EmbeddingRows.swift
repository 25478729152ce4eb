import JSON

/// Reads the vectors of an answer.
enum EmbeddingRows {
    /// - Parameter rows: an array of arrays of numbers.
    static func vectors(_ rows: JSONValue?, count: Int) throws(ProviderFailure) -> [[Float]] {
        let vectors = (rows?.array ?? []).map { row in
            let numbers = row.array ?? []
            let vector = numbers.compactMap { $0.double.map { Float($0) } }
            return vector.count == numbers.count && vector.allSatisfy(\.isFinite) ? vector : []
        }
        guard vectors.count == count, vectors.allSatisfy({ !$0.isEmpty }) else {
            throw ProviderFailure(.invalidAnswer, message: "The provider did not return one vector for each text.")
        }
        return vectors
    }

    /// - Throws: when the vectors have different lengths.
    static func check(_ vectors: [[Float]]) throws(ProviderFailure) {
        guard vectors.allSatisfy({ $0.count == vectors[0].count }) else {
            throw ProviderFailure(.invalidAnswer, message: "The provider's vectors have different lengths.")
        }
    }
}
