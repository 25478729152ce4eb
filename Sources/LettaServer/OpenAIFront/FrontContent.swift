import JSON
import LettaAPI

/// Reads content in OpenAI's forms.
enum FrontContent {
    static let noUserMessage = APIError.invalidArgument(
        "No user message found in the request. Please include at least one message with role='user'.")

    /// Text or parts; nil for anything else.
    static func content(_ json: JSONValue?) -> MessageContent? {
        switch json {
        case .string(let text)?: .text(text)
        case .array(let parts)?: .parts(parts)
        default: nil
        }
    }

    static func message(_ content: MessageContent?, name: String?, field: String) throws -> CreateMessage {
        var message = CreateMessage(role: .user, content: "")
        message.name = name
        switch content {
        case .text(let text)? where !text.isEmpty: break
        case .parts(let parts)? where !parts.isEmpty: break
        default:
            throw APIError.invalidField(field, "the message of the user must not be empty", input: .null)
        }
        message.content = try parts(of: content ?? .text(""), field: field)
        return message
    }

    /// The content with parts in this API's own form.
    static func parts(of content: MessageContent, field: String) throws -> MessageContent {
        guard case .parts(let parts) = content else { return content }
        return .parts(try parts.map { try part($0, field: field) })
    }

    private static func part(_ part: JSONValue, field: String) throws -> JSONValue {
        switch part["type"]?.string {
        case "text", "input_text":
            guard let text = part["text"]?.string else { break }
            return ["type": "text", "text": .string(text)]
        case "image_url", "input_image":
            let image = part["image_url"]
            guard let url = image?.string ?? image?["url"]?.string else { break }
            let detail = image?["detail"] ?? part["detail"] ?? .null
            return ["type": "image", "source": ["type": "url", "url": .string(url), "detail": detail]]
        default: break
        }
        throw APIError.invalidField(field, "a part must be a text or an image with an image_url", input: part)
    }
}
