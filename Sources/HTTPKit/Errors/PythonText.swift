import JSON
import LettaAPI

/// Writes values as Python's `repr` does: the 422 bodies that clients parse hold such text.
struct PythonText {
    private(set) var text = ""
    /// How many characters of a value of the caller's are still shown; a request can't make its answer long.
    private var allowance = Int.max

    /// The most characters of an `input` that are shown. The peer repeats everything.
    static let inputLimit = 1000

    /// `[{'type': …, 'loc': (…), 'msg': …, 'input': …}]`
    ///
    /// - Parameter body: shown as `input` in place of the issues' own, when the body was no JSON.
    static func list(of issues: [ValidationIssue], body: [UInt8]? = nil) -> String {
        var writer = PythonText()
        writer.text = "["
        for (position, issue) in issues.enumerated() {
            if position > 0 { writer.text += ", " }
            writer.write(issue, body)
        }
        return writer.text + "]"
    }

    static func quoted(_ string: String) -> String {
        var writer = PythonText()
        writer.write(string)
        return writer.text
    }

    private mutating func write(_ issue: ValidationIssue, _ body: [UInt8]?) {
        text += "{'type': "
        write(issue.type)
        text += ", 'loc': "
        write(issue.location)
        text += ", 'msg': "
        write(issue.message)
        text += ", 'input': "
        writeInput { writer in
            if let body { writer.write(body) } else { writer.write(issue.input) }
        }
        if issue.type == "value_error" {
            text += ", 'ctx': {'error': ValueError("
            let prefix = "Value error, "
            write(issue.message.hasPrefix(prefix) ? String(issue.message.dropFirst(prefix.count)) : issue.message)
            text += ")}"
        } else if !issue.context.isEmpty {
            text += ", 'ctx': "
            write(.object(issue.context))
        }
        text += "}"
    }

    /// Writes within the limit; what is cut off is replaced by an ellipsis.
    private mutating func writeInput(_ write: (inout PythonText) -> Void) {
        var part = PythonText()
        part.allowance = Self.inputLimit
        write(&part)
        text += part.text
        if part.allowance <= 0 { text += "…" }
    }

    private mutating func write(_ location: [ValidationIssue.LocationElement]) {
        text += "("
        for (position, element) in location.enumerated() {
            if position > 0 { text += ", " }
            switch element {
            case .name(let name): write(name)
            case .index(let index): text += String(index)
            }
        }
        text += location.count == 1 ? ",)" : ")"
    }

    private mutating func write(_ value: JSONValue) {
        guard allowance > 0 else { return }
        switch value {
        case .null: put("None")
        case .bool(let bool): put(bool ? "True" : "False")
        case .int(let int): put(String(int))
        case .double(let double): put(Self.number(double))
        case .string(let string): write(string)
        case .array(let elements):
            put("[")
            for (position, element) in elements.enumerated() where allowance > 0 {
                if position > 0 { put(", ") }
                write(element)
            }
            put("]")
        case .object(let object):
            put("{")
            for (position, member) in object.enumerated() where allowance > 0 {
                if position > 0 { put(", ") }
                write(member.key)
                put(": ")
                write(member.value)
            }
            put("}")
        }
    }

    private mutating func put(_ piece: String) {
        guard allowance > 0 else { return }
        text += piece
        allowance -= piece.utf8.count
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        text.unicodeScalars.append(scalar)
        allowance -= 1
    }

    /// Python prefers single quotes and takes double ones when only single ones occur inside.
    private mutating func write(_ string: String) {
        let quote: Unicode.Scalar = string.utf8.contains(0x27) && !string.utf8.contains(0x22) ? "\"" : "'"
        put(quote)
        for scalar in string.unicodeScalars {
            guard allowance > 0 else { return }
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
    private mutating func write(_ bytes: [UInt8]) {
        let quote: UInt8 = bytes.contains(0x27) && !bytes.contains(0x22) ? 0x22 : 0x27
        put("b")
        put(Unicode.Scalar(quote))
        for byte in bytes {
            guard allowance > 0 else { return }
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
        // Both print the shortest digits that read back; Python changes to an exponent at 1e16, Swift at 2^54.
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
