import FoundationEssentials
import JSON

/// Converts a BERT embedding model to GGUF.
///
/// The input is three files: weights (safetensors), configuration and tokenizer. Matrices are quantized to Q8_0; vectors
/// and the position embeddings stay 32-bit floats.
struct BERTConversion {
    let name: String
    let licence: String

    private static let layerNames = [
        ("attention.self.query", "attn_q"), ("attention.self.key", "attn_k"), ("attention.self.value", "attn_v"),
        ("attention.output.dense", "attn_output"), ("attention.output.LayerNorm", "attn_output_norm"),
        ("intermediate.dense", "ffn_up"), ("output.dense", "ffn_down"), ("output.LayerNorm", "layer_output_norm"),
    ]

    /// - Throws: `Fault` when the files are not those of a BERT model.
    func convert(weights: Data, config: Data, tokenizer: Data) throws -> Data {
        let config = try JSONParser().parse(Array(config))
        let layers = try number("num_hidden_layers", config)
        var writer = GGUFWriter()
        try describe(config, layers: layers, in: &writer)
        try addVocabulary(try JSONParser().parse(Array(tokenizer)), to: &writer)
        let source = try Safetensors(weights)
        func put(_ name: String, from original: String, as type: GGUFWriter.TensorType = .float32) throws {
            let tensor = try source.tensor(original)
            writer.add(name, shape: tensor.shape, tensor.numbers, as: tensor.shape.count == 2 ? type : .float32)
        }
        try put("token_embd.weight", from: "embeddings.word_embeddings.weight", as: .q8)
        try put("position_embd.weight", from: "embeddings.position_embeddings.weight")
        try put("token_types.weight", from: "embeddings.token_type_embeddings.weight")
        for part in ["weight", "bias"] {
            try put("token_embd_norm.\(part)", from: "embeddings.LayerNorm.\(part)")
        }
        for layer in 0..<layers {
            for (original, short) in Self.layerNames {
                for part in ["weight", "bias"] {
                    try put(
                        "blk.\(layer).\(short).\(part)", from: "encoder.layer.\(layer).\(original).\(part)", as: .q8)
                }
            }
        }
        return writer.file()
    }

    /// In the order of llama.cpp's own converter, so that the digest of the file is the same.
    private func describe(_ config: JSONValue, layers: Int, in writer: inout GGUFWriter) throws {
        writer.set("general.architecture", "bert")
        writer.set("general.name", name)
        writer.set("general.license", licence)
        writer.set("bert.block_count", UInt32(layers))
        writer.set("bert.context_length", UInt32(try number("max_position_embeddings", config)))
        writer.set("bert.embedding_length", UInt32(try number("hidden_size", config)))
        writer.set("bert.feed_forward_length", UInt32(try number("intermediate_size", config)))
        writer.set("bert.attention.head_count", UInt32(try number("num_attention_heads", config)))
        guard let epsilon = config["layer_norm_eps"]?.double else { throw Fault(missing: "layer_norm_eps") }
        writer.set("bert.attention.layer_norm_epsilon", Float(epsilon))
        writer.set("bert.attention.causal", false)
        let meanPooling: UInt32 = 1
        writer.set("bert.pooling_type", meanPooling)
        let mostlyQ8: UInt32 = 7
        writer.set("general.file_type", mostlyQ8)
        writer.set("tokenizer.ggml.token_type_count", UInt32(try number("type_vocab_size", config)))
    }

    /// Writes the tokens as llama.cpp expects them: the first token of a word is marked, not the continuations.
    private func addVocabulary(_ tokenizer: JSONValue, to writer: inout GGUFWriter) throws {
        guard case .object(let vocabulary)? = tokenizer["model"]?["vocab"] else { throw Fault(missing: "vocab") }
        let special = Set((tokenizer["added_tokens"]?.array ?? []).compactMap { $0["id"]?.int })
        let tokens = vocabulary.map { (text: $0.key, id: $0.value.int ?? -1) }.sorted { $0.id < $1.id }
        let (normal, control): (Int32, Int32) = (1, 3)
        let texts = tokens.map { token in
            if special.contains(token.id) { return token.text }
            // By bytes: a combining character after the "##" would merge with it into one Character.
            let rest = token.text.utf8
            return rest.starts(with: "##".utf8)
                ? String(Substring(rest.dropFirst(2))) : "\u{2581}\(token.text)"
        }
        writer.set("tokenizer.ggml.model", "bert")
        writer.set("tokenizer.ggml.pre", "jina-v2-en")
        writer.set("tokenizer.ggml.tokens", texts)
        writer.set("tokenizer.ggml.token_type", tokens.map { special.contains($0.id) ? control : normal })
        let roles = [
            ("unknown", "[UNK]"), ("seperator", "[SEP]"), ("padding", "[PAD]"), ("cls", "[CLS]"), ("mask", "[MASK]"),
            ("bos", "[CLS]"), ("eos", "[SEP]"),
        ]
        for (role, token) in roles {
            guard let id = vocabulary[token]?.int else { throw Fault(missing: token) }
            writer.set("tokenizer.ggml.\(role)_token_id", UInt32(id))
        }
    }

    private func number(_ key: String, _ document: JSONValue) throws -> Int {
        guard let value = document[key]?.int, value > 0 else { throw Fault(missing: key) }
        return Int(value)
    }

    struct Fault: Error, CustomStringConvertible {
        let description: String

        init(missing: String) {
            description = "The model's files have no valid '\(missing)'."
        }
    }
}

/// Reads 32-bit float tensors from a safetensors file: a header length, a JSON header, the data.
private struct Safetensors {
    private let file: Data
    private let table: JSONValue
    private let start: Int

    init(_ file: Data) throws {
        guard file.count > 8 else { throw BERTConversion.Fault(missing: "tensors") }
        let length = file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(file.count - 8) else { throw BERTConversion.Fault(missing: "tensors") }
        self.file = file
        start = 8 + Int(length)
        table = try JSONParser().parse(Array(file[8..<start]))
    }

    func tensor(_ name: String) throws -> (shape: [Int], numbers: [Float]) {
        let shape = (table[name]?["shape"]?.array ?? []).compactMap { $0.int.map { Int($0) } }
        let range = (table[name]?["data_offsets"]?.array ?? []).compactMap { $0.int.map { Int($0) } }
        let count = shape.reduce(1, *)
        guard table[name]?["dtype"]?.string == "F32", !shape.isEmpty, range.count == 2, range[0] >= 0,
            range[1] - range[0] == count * MemoryLayout<Float>.size, start + range[1] <= file.count
        else { throw BERTConversion.Fault(missing: name) }
        let bytes = file[start + range[0]..<start + range[1]]
        let numbers = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            _ = bytes.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
        return (shape, numbers)
    }
}
