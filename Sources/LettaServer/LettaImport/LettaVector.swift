import FoundationEssentials
import JSON
import LettaAPI
import Storage

/// The vector that Letta stored of a passage.
enum LettaVector {
    /// The vector of a row as it is stored here; nil when there is none, or none by this model.
    ///
    /// Letta fills vectors with zeros up to 4,096 numbers.
    static func numbers(of row: LettaRow, by config: EmbeddingConfig) -> [Float]? {
        let own = row["embedding_config"]
        if !own.isNull {
            guard let model = try? JSONDecoding(scalars: .lax).decode(EmbeddingConfig.self, from: own),
                model.isSameModel(as: config), model.embeddingDim == config.embeddingDim
            else { return nil }
        }
        let all = numbers(row["embedding"])
        guard config.embeddingDim > 0, all.count >= config.embeddingDim,
            all.dropFirst(config.embeddingDim).allSatisfy({ $0 == 0 })
        else { return nil }
        return Vector.normalized(Array(all.prefix(config.embeddingDim)))
    }

    /// A list of numbers, as text too, or the base64 of 32-bit floating point numbers, which SQLite has as bytes: as they
    /// are, or again in base64.
    private static func numbers(_ value: JSONValue) -> [Float] {
        if let list = value.array { return list.compactMap { $0.double.map { Float($0) } } }
        guard let text = value.string else { return [] }
        if text.hasPrefix("[") { return ((try? JSONParser().parse(text))?.array).map { numbers(.array($0)) } ?? [] }
        guard let bytes = Data(base64Encoded: text) else { return [] }
        let inner = String(validating: bytes, as: UTF8.self).flatMap { Data(base64Encoded: $0) }
        return Vector.numbers(Array(inner ?? bytes))
    }

    /// Gives a stored passage its vector, when it is one by the model of the passage's archive or folder. Without it the
    /// passage goes on waiting, and the server embeds it.
    static func take(
        _ row: LettaRow, text: String, of owner: String, _ writer: inout LettaWriter
    ) throws {
        guard let set = try VectorStore.currentSets(of: [owner], writer.db).first else { return }
        let config = try set.embeddingConfig.content()
        let model = EmbeddingService.name(of: config)
        guard let vector = numbers(of: row, by: config), vector.count == set.dimensions ?? vector.count else {
            return writer.note("a passage has no vector by \(model): the server makes one when the model answers")
        }
        let passage = WaitingPassages.Passage(id: ID(row.id), revision: 0, text: text)
        _ = try VectorStore.store([(passage: passage, vector: vector)], in: set, writer.db)
        writer.note("a passage came with its vector by \(model)")
    }
}
