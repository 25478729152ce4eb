import JSON

extension JSONValue {
    var nonEmptyString: String? {
        guard let text = string, !text.isEmpty else { return nil }
        return text
    }

    /// A token count; nil for an implausible one, so that sums never overflow.
    var tokenCount: Int? {
        int.flatMap { (0...1_000_000_000).contains($0) ? Int($0) : nil }
    }
}
