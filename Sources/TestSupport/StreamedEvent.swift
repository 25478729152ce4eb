package import JSON

/// One server-sent event.
package struct StreamedEvent: Sendable {
    /// The `event:` field; nil without one.
    package var name: String?
    package var text: String

    package var json: JSONValue { (try? JSONParser().parse(text)) ?? .null }

    /// The `message_type`; the text if it is not JSON.
    package var type: String { json["message_type"]?.string ?? text }

    package static func all(in stream: String) -> [StreamedEvent] {
        stream.split(separator: "\n\n").map { block in
            var event = StreamedEvent(name: nil, text: "")
            for line in block.split(separator: "\n") {
                if line.hasPrefix("event: ") { event.name = String(line.dropFirst("event: ".count)) }
                if line.hasPrefix("data: ") { event.text += line.dropFirst("data: ".count) }
            }
            return event
        }
    }
}
