import JSON

/// The parameters behind the `?` of a request.
struct QueryString {
    /// Each parameter's text; a parameter given more than once is an array of texts, in order.
    private(set) var values = JSONObject()

    init(_ text: String?) {
        guard let text, !text.isEmpty else { return }
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let sides = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let key = PercentCoding.decode(sides[0], plusIsSpace: true)
            let value = sides.count > 1 ? PercentCoding.decode(sides[1], plusIsSpace: true) : ""
            switch values[key] {
            case nil: values[key] = .string(value)
            case .array(let earlier)?: values[key] = .array(earlier + [.string(value)])
            case let earlier?: values[key] = .array([earlier, .string(value)])
            }
        }
    }

    /// The text of a parameter that is expected once; given more often, the last one counts.
    func text(_ name: String) -> String? {
        switch values[name] {
        case .string(let text)?: text
        case .array(let texts)?: texts.last?.string
        default: nil
        }
    }
}
