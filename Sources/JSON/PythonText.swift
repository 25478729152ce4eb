/// Values as Python's `repr` and `str` print them: clients parse tool results and 422 bodies in that form.
public struct PythonText: Sendable {
    public private(set) var text = ""
    private var remaining: Int

    /// - Parameter limit: about how many bytes of text are kept.
    public init(limit: Int = .max) {
        remaining = limit
    }

    /// Whether text beyond the limit was dropped.
    public var isTruncated: Bool { remaining <= 0 }

    /// Python's `str`: a text as it is, anything else as `repr`.
    public static func text(of value: JSONValue) -> String {
        if case .string(let text) = value { text } else { literal(value) }
    }

    /// Python's `repr`: `{'a': 1, 'b': [True, None]}`
    public static func literal(_ value: JSONValue) -> String {
        var writer = PythonText()
        writer.write(value)
        return writer.text
    }

    /// `'text'`
    public static func literal(_ text: String) -> String {
        var writer = PythonText()
        writer.write(text)
        return writer.text
    }

    /// `['a', 'b']`
    public static func list(_ texts: [String]) -> String {
        literal(.array(texts.map { .string($0) }))
    }
}

extension PythonText {
    public mutating func write(_ value: JSONValue) {
        guard remaining > 0 else { return }
        switch value {
        case .null: put("None")
        case .bool(let bool): put(bool ? "True" : "False")
        case .int(let int): put(String(int))
        case .double(let double): put(Self.number(double))
        case .string(let string): write(string)
        case .array(let elements):
            put("[")
            for (position, element) in elements.enumerated() where remaining > 0 {
                if position > 0 { put(", ") }
                write(element)
            }
            put("]")
        case .object(let object):
            put("{")
            for (position, member) in object.enumerated() where remaining > 0 {
                if position > 0 { put(", ") }
                write(member.key)
                put(": ")
                write(member.value)
            }
            put("}")
        }
    }

    /// Python prefers single quotes, and double ones where only single ones occur inside.
    public mutating func write(_ string: String) {
        let quote: Unicode.Scalar = string.utf8.contains(0x27) && !string.utf8.contains(0x22) ? "\"" : "'"
        put(quote)
        for scalar in string.unicodeScalars {
            guard remaining > 0 else { return }
            switch scalar {
            case quote, "\\":
                put("\\")
                put(scalar)
            case "\n": put("\\n")
            case "\r": put("\\r")
            case "\t": put("\\t")
            case " "..."~": put(scalar)
            default:
                if Self.isPrintable(scalar) { put(scalar) } else { put(Self.escape(scalar)) }
            }
        }
        put(quote)
    }

    /// A `bytes` literal.
    public mutating func write(_ bytes: some Collection<UInt8>) {
        let quote: UInt8 = bytes.contains(0x27) && !bytes.contains(0x22) ? 0x22 : 0x27
        put("b")
        put(Unicode.Scalar(quote))
        for byte in bytes {
            guard remaining > 0 else { return }
            switch byte {
            case quote, 0x5C:
                put("\\")
                put(Unicode.Scalar(byte))
            case 0x0A: put("\\n")
            case 0x0D: put("\\r")
            case 0x09: put("\\t")
            case 0x20...0x7E: put(Unicode.Scalar(byte))
            default: put("\\x" + Self.hex(UInt32(byte), width: 2))
            }
        }
        put(Unicode.Scalar(quote))
    }

    private mutating func put(_ piece: String) {
        guard remaining > 0 else { return }
        text += piece
        remaining -= piece.utf8.count
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        text.unicodeScalars.append(scalar)
        remaining -= 1
    }

    /// `str.isprintable`
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0...0xFF: "\\x" + hex(scalar.value, width: 2)
        case 0x100...0xFFFF: "\\u" + hex(scalar.value, width: 4)
        default: "\\U" + hex(scalar.value, width: 8)
        }
    }

    private static func hex(_ value: UInt32, width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func number(_ double: Double) -> String {
        // Both print the shortest digits that read back; Python switches to an exponent at 1e16, Swift at 2^54.
        guard double.magnitude >= 1e16, double.isFinite else { return double.description }
        let text = double.description
        guard !text.contains("e") else { return text }
        var digits = text.drop { $0 == "-" }.prefix { $0 != "." }
        let exponent = digits.count - 1
        while digits.last == "0" { digits.removeLast() }
        let fraction = digits.dropFirst()
        let sign = double < 0 ? "-" : ""
        return "\(sign)\(digits.prefix(1))\(fraction.isEmpty ? "" : ".")\(fraction)e+\(exponent)"
    }
}
