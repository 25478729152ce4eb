import JSON

/// Finds the tool call in the text of a model that writes its calls as text.
///
/// A call is the first JSON object of the text, bare, in a code fence or in `<tool_call>` tags, with its braces
/// possibly doubled as some chat templates teach. It must name an offered tool and have its required arguments;
/// everything else is prose.
package struct LenientToolCalls: Sendable {
    package struct Found: Sendable, Hashable {
        /// The text before the call; nil if there is none.
        package var text: String?
        package var tool: String
        /// The text of a JSON object.
        package var arguments: String
    }

    private let required: [String: [String]]

    package init(tools: [TurnTool]) {
        required = Dictionary(tools.map { ($0.name, $0.requiredArguments) }, uniquingKeysWith: { first, _ in first })
    }

    /// The call, or nil when the text is prose.
    package func read(_ text: String) -> Found? {
        // No call is that long, and the search is more than linear.
        guard text.utf8.count <= 65_536 else { return nil }
        let bytes = Array(text.utf8)
        var start = bytes.startIndex
        while let open = bytes[start...].firstIndex(of: UInt8(ascii: "{")) {
            if let object = Self.object(at: open, in: bytes) {
                guard let (tool, arguments) = call(in: object) else { return nil }
                let before = Self.prose(String(decoding: bytes[..<open], as: UTF8.self))
                return Found(
                    text: before.isEmpty ? nil : before, tool: tool,
                    arguments: JSONWriter.string(of: arguments, style: .spaced))
            }
            start = open + 1
        }
        return nil
    }

    /// The first JSON object in a text, with or without decoration.
    static func firstObject(in text: String) -> JSONObject? {
        guard text.utf8.count <= 65_536 else { return nil }
        let bytes = Array(text.utf8)
        var start = bytes.startIndex
        while let open = bytes[start...].firstIndex(of: UInt8(ascii: "{")) {
            if let object = object(at: open, in: bytes) { return object }
            start = open + 1
        }
        return nil
    }

    private func call(in object: JSONObject) -> (tool: String, arguments: JSONObject)? {
        let object = object["function"]?.object ?? object
        guard let tool = object["name"]?.string, let required = required[tool],
            let arguments = Self.arguments(object["arguments"] ?? object["parameters"]),
            required.allSatisfy({ arguments[$0].map { !$0.isNull } ?? false })
        else { return nil }
        return (tool, arguments)
    }

    /// Some models encode the arguments as a string.
    private static func arguments(_ value: JSONValue?) -> JSONObject? {
        switch value {
        case .object(let object): object
        case .string(let text): parsed(Array(text.utf8)[...])
        default: nil
        }
    }

    private static func object(at open: Int, in bytes: [UInt8]) -> JSONObject? {
        guard let end = endOfObject(at: open, in: bytes) else { return nil }
        let span = bytes[open...end]
        return parsed(span) ?? (bytes[open...].dropFirst().first == UInt8(ascii: "{") ? parsed(halved(span)) : nil)
    }

    private static func parsed(_ bytes: ArraySlice<UInt8>) -> JSONObject? {
        // What is not JSON is prose here.
        try? JSONParser(options: [.replaceLoneSurrogates, .removeNUL]).parse(Array(bytes)).object
    }

    /// The brace that closes the one at `open`; braces in strings do not count.
    private static func endOfObject(at open: Int, in bytes: [UInt8]) -> Int? {
        var depth = 0
        var inString = false
        var escaped = false
        for place in open..<bytes.count {
            switch bytes[place] {
            case _ where escaped: escaped = false
            case UInt8(ascii: "\\") where inString: escaped = true
            case UInt8(ascii: "\""): inString.toggle()
            case UInt8(ascii: "{") where !inString: depth += 1
            case UInt8(ascii: "}") where !inString:
                depth -= 1
                if depth == 0 { return place }
            default: break
            }
        }
        return nil
    }

    /// With every pair of equal braces made one.
    private static func halved(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var result: [UInt8] = []
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let byte = bytes[place]
            result.append(byte)
            let isBrace = byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}")
            place += isBrace && place + 1 < bytes.endIndex && bytes[place + 1] == byte ? 2 : 1
        }
        return result[...]
    }

    /// The text without the marker that announces the call.
    private static func prose(_ text: String) -> String {
        var text = text.trimmingSpaces
        for mark in ["[", "<tool_call>", "```json", "```"] where text.hasSuffix(mark) {
            text = String(text.dropLast(mark.count)).trimmingSpaces
        }
        return text
    }
}
