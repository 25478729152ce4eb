package import JSON

/// Writes values as Python's `str` and `repr` do: clients of the API know tool results in that form.
package enum PythonText {
    /// A text as it is, anything else as `repr`.
    package static func text(of value: JSONValue) -> String {
        if case .string(let text) = value { text } else { literal(value) }
    }

    /// `{'a': 1, 'b': [True, None]}`
    package static func literal(_ value: JSONValue) -> String {
        switch value {
        case .null: "None"
        case .bool(let bool): bool ? "True" : "False"
        case .int, .double: JSONWriter.string(of: value)
        case .string(let text): literal(text)
        case .array(let elements): "[\(elements.map(literal).joined(separator: ", "))]"
        case .object(let members):
            "{\(members.map { "\(literal($0.key)): \(literal($0.value))" }.joined(separator: ", "))}"
        }
    }

    /// The text in single quotes, or in double ones where that saves escapes.
    package static func literal(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        var result = String.UnicodeScalarView()
        result.append(quote)
        for scalar in scalars { append(scalar, to: &result, quote: quote) }
        result.append(quote)
        return String(result)
    }

    private static func append(
        _ scalar: Unicode.Scalar, to result: inout String.UnicodeScalarView, quote: Unicode.Scalar
    ) {
        switch scalar {
        case quote, "\\":
            result.append("\\")
            result.append(scalar)
        case "\n": result.append(contentsOf: "\\n".unicodeScalars)
        case "\r": result.append(contentsOf: "\\r".unicodeScalars)
        case "\t": result.append(contentsOf: "\\t".unicodeScalars)
        case _ where scalar.value < 0x20 || (0x7f...0xa0).contains(scalar.value):
            let digits = String(scalar.value, radix: 16)
            result.append(contentsOf: "\\x\(digits.count < 2 ? "0" : "")\(digits)".unicodeScalars)
        default:
            result.append(scalar)
        }
    }

    /// `['a', 'b']`
    package static func list(_ texts: [String]) -> String {
        "[\(texts.map { literal($0) }.joined(separator: ", "))]"
    }
}
