package import JSON

// What a test may put into an expected document in place of a value.
extension JSONValue {
    /// Any value, null too; but there has to be one.
    package static let anything = JSONValue.string("\u{0}anything")
    /// In an object: no such member.
    package static let absent = JSONValue.string("\u{0}absent")

    /// A string in which `text` stands somewhere.
    package static func text(containing text: String) -> JSONValue {
        .string("\u{0}contains\(text)")
    }

    /// An id with this prefix.
    package static func id(_ prefix: String) -> JSONValue {
        .string("\u{0}id\(prefix)-")
    }

    /// An array of so many elements, whatever they are.
    package static func elements(_ count: Int) -> JSONValue {
        .string("\u{0}elements\(count)")
    }

    /// Where this document differs from what is expected, a line each.
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

    /// The text, cut where it gets long.
    var brief: String {
        let text = JSONWriter.string(of: self).replacing("\\u0000", with: "\u{2022}")
        return text.count > 300 ? "\(text.prefix(300))…" : text
    }
}
