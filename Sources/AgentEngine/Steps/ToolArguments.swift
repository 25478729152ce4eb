package import JSON

/// The arguments of a call to a base tool, converted to the types of its parameters.
///
/// Models write `"3"` for 3 and omit required arguments. Convertible values are converted; unknown arguments are
/// ignored; null is the same as absent.
package struct ToolArguments: Sendable, Hashable {
    private let tool: String
    private let values: JSONObject

    /// Throws the `TypeError` or `ValueError` that Python gives for such a call.
    package init(_ arguments: JSONObject, for tool: BaseTool) throws(ToolFailure) {
        self.tool = tool.name
        var values: JSONObject = [:]
        var missing: [String] = []
        for parameter in tool.parameters {
            if let value = arguments[parameter.name], !value.isNull {
                values[parameter.name] = try parameter.shape.converted(value, name: parameter.name)
            } else if parameter.isRequired {
                missing.append(parameter.name)
            }
        }
        guard missing.isEmpty else { throw Self.missing(missing, tool: tool.name) }
        self.values = values
    }

    package func string(_ name: String) -> String? { values[name]?.string }
    package func integer(_ name: String) -> Int? { values[name]?.int.flatMap(Int.init(exactly:)) }
    package func boolean(_ name: String) -> Bool? { values[name]?.bool }
    package func strings(_ name: String) -> [String]? { values[name]?.array?.compactMap(\.string) }
    package func value(_ name: String) -> JSONValue? { values[name] }

    /// A required text; validated by the initializer.
    package func text(_ name: String) throws(ToolFailure) -> String {
        guard let text = string(name) else { throw Self.missing([name], tool: tool) }
        return text
    }

    private static func missing(_ names: [String], tool: String) -> ToolFailure {
        let quoted = names.map { "'\($0)'" }
        let list =
            switch quoted.count {
            case 1: quoted[0]
            case 2: "\(quoted[0]) and \(quoted[1])"
            default: "\(quoted.dropLast().joined(separator: ", ")), and \(quoted[quoted.count - 1])"
            }
        return ToolFailure(
            .typeError,
            "\(tool)() missing \(quoted.count) required positional argument\(quoted.count == 1 ? "" : "s"): \(list)")
    }
}

extension ToolParameter.Shape {
    fileprivate func converted(_ value: JSONValue, name: String) throws(ToolFailure) -> JSONValue {
        switch self {
        case .string, .choice:
            return .string(PythonText.text(of: value))
        case .integer:
            return .int(try Self.integer(value))
        case .boolean:
            return .bool(try Self.boolean(value))
        case .list(let element):
            guard let elements = value.array else {
                throw ToolFailure(.typeError, "\(name) must be a list, not \(PythonText.literal(value))")
            }
            var converted: [JSONValue] = []
            for one in elements { converted.append(try element.converted(one, name: name)) }
            return .array(converted)
        case .object:
            guard value.object != nil else {
                throw ToolFailure(.typeError, "\(name) must be an object, not \(PythonText.literal(value))")
            }
            return value
        }
    }

    private static func integer(_ value: JSONValue) throws(ToolFailure) -> Int64 {
        switch value {
        case .int(let int):
            return int
        case .bool(let bool):
            return bool ? 1 : 0
        case .double(let double):
            if let int = Int64(exactly: double.rounded(.towardZero)) { return int }
        case .string(let text):
            if let int = Int64(text.trimmingSpaces) { return int }
        case .null, .array, .object:
            throw ToolFailure(
                .typeError,
                "int() argument must be a string, a bytes-like object or a real number, not "
                    + PythonText.literal(value))
        }
        throw .value("invalid literal for int() with base 10: \(PythonText.literal(value))")
    }

    private static func boolean(_ value: JSONValue) throws(ToolFailure) -> Bool {
        switch value {
        case .bool(let bool): return bool
        case .int(let int): return int != 0
        case .string(let text):
            switch text.trimmingSpaces.lowercased() {
            case "true", "1", "yes": return true
            case "false", "0", "no", "": return false
            default: break
            }
        default: break
        }
        throw .value("not a truth value: \(PythonText.literal(value))")
    }
}

extension StringProtocol {
    /// Without the spaces, tabs and line feeds at both ends.
    var trimmingSpaces: String {
        let scalars = unicodeScalars
        let isSpace: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(String.UnicodeScalarView(scalars[first...last]))
    }
}
