/// Estimates the number of tokens of a text without the model's tokenizer.
///
/// Tokenizers differ between models and are not available for most of them, so the rule is one token per four bytes of
/// UTF-8, rounded up. English prose comes close; dense JSON, code and scripts rare in training data cost more than
/// estimated. Use it for display and for thresholds with a margin, never to fill a window completely.
package enum TokenEstimate {
    package static let bytesPerToken = 4

    /// The estimate for `text`; 0 only for the empty text. At most linear in the size of the text.
    package static func tokens(in text: String) -> Int {
        (text.utf8.count + bytesPerToken - 1) / bytesPerToken
    }
}
