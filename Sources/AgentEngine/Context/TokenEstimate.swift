/// Estimates how many tokens a text costs, without the model's tokenizer.
///
/// Tokenizers differ between models and none is at hand for most of them, so the rule is one token for four bytes
/// of UTF-8, rounded up. English prose comes close; dense JSON and code cost more than estimated, as do scripts a
/// tokenizer knows badly. Use it for display and for triggers with a margin, never to fill a window to the brim.
package enum TokenEstimate {
    private static let bytesPerToken = 4

    /// The estimate for `text`; 0 only for the empty text. Linear in the size of the text at worst.
    package static func tokens(in text: String) -> Int {
        (text.utf8.count + bytesPerToken - 1) / bytesPerToken
    }
}
