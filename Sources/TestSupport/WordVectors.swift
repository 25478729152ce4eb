import ModelProviders

/// Vectors made of the words of a text, always the same: texts that share words are near each other, and so are texts whose
/// words mean the same.
package enum WordVectors {
    /// Words that mean the same as another one.
    private static let meanings = [
        "automobile": "car", "vehicle": "car", "physician": "doctor", "feline": "cat", "kitten": "cat", "canine": "dog",
        "puppy": "dog", "sofa": "couch", "residence": "home", "house": "home",
    ]

    package static func vector(of text: String, dimensions: Int = 64) -> [Float] {
        var vector = [Float](repeating: 0, count: dimensions)
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            var hash: UInt64 = 14_695_981_039_346_656_037
            for byte in (meanings[String(word)] ?? String(word)).utf8 {
                hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211
            }
            vector[Int(hash % UInt64(dimensions))] += 1
            vector[Int((hash >> 32) % UInt64(dimensions))] -= 0.5
        }
        return vector
    }

    /// Embeds with 64 numbers, and with 32 for a model whose name begins with `small`.
    package static let embedder: ScriptedModel.Embedder = { texts, model in
        .success(texts.map { vector(of: $0, dimensions: model.hasPrefix("small") ? 32 : 64) })
    }
}
