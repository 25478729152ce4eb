import JSON
import LettaAPI

/// Reads the message for an agent from requests in OpenAI's forms.
enum FrontMessage {
    private static let noUserMessage = APIError.invalidArgument(
        "No user message found in the request. Please include at least one message with role='user'.")

    /// The last message of the user in a chat.
    ///
    /// - Throws: `APIError` when there is none, or it has parts that an agent can't take.
    static func last(in messages: [ChatMessage]) throws -> CreateMessage {
        guard let index = messages.lastIndex(where: { $0.role == "user" }) else { throw noUserMessage }
        return try message(messages[index].content, name: messages[index].name, field: "messages[\(index)].content")
    }

    /// The input of a response: a text, or the last message of the user among items.
    static func last(inItems input: JSONValue) throws -> CreateMessage {
        switch input {
        case .string(let text):
            return try message(.text(text), name: nil, field: "input")
        case .array(let items):
            guard let index = items.lastIndex(where: { $0["role"]?.string == "user" }) else { throw noUserMessage }
            let content: MessageContent? =
                switch items[index]["content"] {
                case .string(let text)?: .text(text)
                case .array(let parts)?: .parts(parts)
                default: nil
                }
            return try message(content, name: nil, field: "input[\(index)].content")
        default:
            throw APIError.invalidField("input", "input must be a text or a list of items", input: input)
        }
    }

    private static func message(_ content: MessageContent?, name: String?, field: String) throws -> CreateMessage {
        var message = CreateMessage(role: .user, content: "")
        message.name = name
        switch content {
        case .text(let text)? where !text.isEmpty:
            message.content = .text(text)
        case .parts(let parts)? where !parts.isEmpty:
            message.content = .parts(try parts.map { try part($0, field: field) })
        default:
            throw APIError.invalidField(field, "the message of the user must not be empty", input: .null)
        }
        return message
    }

    /// A content part in this API's own form.
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
