import JSON

/// The query parameters of a request.
struct QueryString: Sendable {
    /// The text of each parameter; an array of texts, in order, for a repeated one.
    let values: JSONObject

    init(_ text: String?) {
        var parameters: [(name: String, texts: [JSONValue])] = []
        var positions: [String: Int] = [:]
        for pair in (text ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let sides = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = PercentCoding.decode(sides[0], plusIsSpace: true)
            let text = JSONValue.string(sides.count > 1 ? PercentCoding.decode(sides[1], plusIsSpace: true) : "")
            if let position = positions[name] {
                parameters[position].texts.append(text)
            } else {
                positions[name] = parameters.count
                parameters.append((name, [text]))
            }
        }
        var values = JSONObject()
        for (name, texts) in parameters { values[name] = texts.count == 1 ? texts[0] : .array(texts) }
        self.values = values
    }

    /// The text of a parameter expected once; the last one wins.
    func text(_ name: String) -> String? {
        switch values[name] {
        case .string(let text)?: text
        case .array(let texts)?: texts.last?.string
        default: nil
        }
    }
}
