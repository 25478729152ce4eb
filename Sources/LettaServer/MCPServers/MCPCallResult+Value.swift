import FoundationEssentials
import JSON
import MCPClient

extension MCPCallResult {
    /// Of one result.
    private static let imageLimit = 10

    /// The result as text: texts as they are, everything else by what it is.
    var text: String {
        let parts = content.compactMap(Self.text).filter { !$0.isEmpty }
        if parts.isEmpty, let structured { return JSONWriter.string(of: structured) }
        return parts.isEmpty ? "The tool returned nothing." : parts.joined(separator: "\n")
    }

    /// The result for models: a text, or texts and images where it has images that models take.
    var value: JSONValue {
        var count = 0
        let parts = content.compactMap { part -> JSONValue? in
            if count < Self.imageLimit, let image = Self.image(part) {
                count += 1
                return image
            }
            guard let text = Self.text(part), !text.isEmpty else { return nil }
            return ["type": "text", "text": .string(text)]
        }
        return count > 0 ? .array(parts) : .string(text)
    }

    /// An image part of a message; nil for what is no image, or one that is too large.
    private static func image(_ part: JSONValue) -> JSONValue? {
        guard part["type"]?.string == "image", let text = part["data"]?.string,
            text.utf8.count / 4 * 3 <= ImageReader.sizeLimit, let data = Data(base64Encoded: text),
            let type = ImageType(Array(data.prefix(16)))
        else { return nil }
        return [
            "type": "image",
            "source": [
                "type": "base64", "file_id": nil, "media_type": .string(type.rawValue), "data": .string(text),
                "detail": nil,
            ],
        ]
    }

    private static func text(_ part: JSONValue) -> String? {
        let type = part["mimeType"]?.string ?? "no type"
        switch part["type"]?.string {
        case "text"?: return part["text"]?.string
        case "image"?, "audio"?:
            let size = (part["data"]?.string?.utf8.count ?? 0) / 4 * 3
            return "[\(part["type"]?.string ?? ""): \(type), \(size) bytes]"
        case "resource_link"?: return "[resource: \(part["uri"]?.string ?? "")]"
        case "resource"?:
            return part["resource"]?["text"]?.string ?? "[resource: \(part["resource"]?["uri"]?.string ?? ""), \(type)]"
        default: return JSONWriter.string(of: part)
        }
    }
}
