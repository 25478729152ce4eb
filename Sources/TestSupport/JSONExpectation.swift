package import JSON

// Patterns that may stand for a value in an expected document.
extension JSONValue {
    /// Any value, including null. The member must exist.
    package static let anything = JSONValue.string("\u{0}anything")
    /// For a member of an object that must not exist.
    package static let absent = JSONValue.string("\u{0}absent")

    /// A string that contains `text`.
    package static func text(containing text: String) -> JSONValue {
        .string("\u{0}contains\(text)")
    }

    /// A string `<prefix>-…`.
    package static func id(_ prefix: String) -> JSONValue {
        .string("\u{0}id\(prefix)-")
    }

    /// An array with this many elements of any kind.
    package static func elements(_ count: Int) -> JSONValue {
        .string("\u{0}elements\(count)")
    }

    /// The differences from `expected`, one line each.
    ///
    /// Objects may have more members than expected; arrays are compared element by element.
    package func differences(from expected: JSONValue, at path: String = "$") -> [String] {
        if case .string(let text) = expected, text.utf8.first == 0 {
            return meets(text.dropFirst()) ? [] : ["\(path): \(brief), expected \(text.dropFirst())"]
        }
        switch (self, expected) {
        case (.object(let object), .object(let members)):
            return members.flatMap { key, value in
                Self.differences(of: object[key], from: value, at: "\(path).\(key)")
            }
        case (.array(let array), .array(let elements)):
            guard array.count == elements.count else {
                return ["\(path): \(array.count) elements, expected \(elements.count): \(brief)"]
            }
            return zip(array, elements).enumerated().flatMap { index, pair in
                pair.0.differences(from: pair.1, at: "\(path)[\(index)]")
            }
        case (.int, .double), (.double, .int):
            return double == expected.double ? [] : ["\(path): \(brief), expected \(expected.brief)"]
        default:
            return self == expected ? [] : ["\(path): \(brief), expected \(expected.brief)"]
        }
    }

    private static func differences(of member: JSONValue?, from expected: JSONValue, at path: String) -> [String] {
        guard let member else { return expected == .absent ? [] : ["\(path): absent, expected \(expected.brief)"] }
        return expected == .absent
            ? ["\(path): \(member.brief), expected nothing"]
            : member.differences(
                from: expected, at: path)
    }

    private func meets(_ marker: Substring) -> Bool {
        if marker == "anything" { return true }
        if marker.hasPrefix("contains") { return string?.contains(marker.dropFirst("contains".count)) == true }
        if marker.hasPrefix("elements") { return array?.count == Int(marker.dropFirst("elements".count)) }
        if marker.hasPrefix("id") { return string?.hasPrefix(marker.dropFirst("id".count)) == true }
        return false
    }

    /// The document as text of at most 300 characters.
    var brief: String {
        let text = JSONWriter.string(of: self).replacing("\\u0000", with: "\u{2022}")
        return text.count > 300 ? "\(text.prefix(300))…" : text
    }
}
