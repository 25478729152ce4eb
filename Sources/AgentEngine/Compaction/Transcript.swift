import JSON

/// Messages as the text that a summarizer reads.
package enum Transcript {
    /// The most requests that one summary may take.
    package static let maximumParts = 4

    /// The transcript in parts of at most `budget` bytes. Long messages are shortened; when there are more parts than
    /// may be summarized, those in the middle are left out.
    package static func parts(of messages: [TurnMessage], zone: String, budget: Int) -> [String] {
        let budget = max(budget, 400)
        var parts: [String] = []
        var current = ""
        for message in messages where message.approvals.isEmpty {
            let line = line(message, zone: zone).shortened(toBytes: budget / 3)
            if !current.isEmpty, current.utf8.count + line.utf8.count > budget {
                parts.append(current)
                current = ""
            }
            current += line + "\n"
        }
        if !current.isEmpty { parts.append(current) }
        guard parts.count > maximumParts else { return parts }
        return [parts[0] + "[messages left out]\n"] + parts.suffix(maximumParts - 1)
    }

    /// The user message of a request for a summary.
    package static func request(_ part: String, after earlier: String?) -> String {
        let start = earlier.map { "Summary of what was before this part; carry it over:\n\($0)\n\n" } ?? ""
        return "\(start)<start_transcript>\n\(part)<end_transcript>\nGenerate the summary."
    }

    private static func line(_ message: TurnMessage, zone: String) -> String {
        switch message.role {
        case .tool:
            let time = ZonedTime.promptTextOrUTC(microseconds: message.createdAt, zone: zone)
            let results = message.toolReturns.map {
                PackedText.toolReturn($0.shown, succeeded: $0.succeeded, time: time)
            }
            return "[tool] \(results.joined(separator: "\n"))"
        case .assistant:
            let calls = message.toolCalls.map { "-> \($0.name)(\($0.arguments))" }
            return "[assistant] \(([message.text].compactMap { $0 } + calls).joined(separator: " "))"
        case .user, .system:
            let hasImage = message.parts.contains { if case .image = $0 { true } else { false } }
            return "[\(message.role.rawValue)] \(message.text ?? "")\(hasImage ? " (with an image)" : "")"
        }
    }

    /// A summary made without a model: what was said first and last, cut to `limit` bytes.
    package static func extract(of messages: [TurnMessage], because reason: String, limit: Int) -> String {
        let limit = max(limit, 400)
        let said = messages.compactMap { message -> String? in
            guard message.role == .user || message.role == .assistant, let text = message.text, !text.isEmpty
            else { return nil }
            if let summary = PackedText.summary(in: text) { return "Earlier summary: \(summary)" }
            return "\(message.role.rawValue): \(text)"
        }
        let head = "No model has summarized these \(messages.count) messages (\(reason.prefix(200))). An extract:"
        let first = said.first.map { $0.shortened(toBytes: limit / 3) }
        var room = limit - head.utf8.count - (first?.utf8.count ?? 0)
        var last: [String] = []
        for text in said.dropFirst().reversed() {
            let short = text.shortened(toBytes: 300)
            room -= short.utf8.count + 1
            guard room > 0 else { break }
            last.append(short)
        }
        let isWhole = last.count == said.count - 1
        let middle = isWhole || said.isEmpty ? nil : "[…]"
        return ([head, first, middle].compactMap { $0 } + last.reversed()).joined(separator: "\n")
    }
}

extension String {
    /// The text, or if it exceeds `limit` bytes its beginning and its end with a note between them.
    package func shortened(toBytes limit: Int) -> String {
        let size = utf8.count
        guard size > limit else { return self }
        let kept = max(limit - 60, 16)
        let head = prefixOfBytes(kept / 4 * 3)
        let tail = suffixOfBytes(kept / 4)
        return "\(head) [… \(size - head.utf8.count - tail.utf8.count) bytes left out …] \(tail)"
    }

    /// At most `count` bytes from the start, without half a character.
    package func prefixOfBytes(_ count: Int) -> Substring {
        guard utf8.count > count else { return self[...] }
        var end = utf8.index(startIndex, offsetBy: max(0, count))
        while end > startIndex, utf8[end] & 0xc0 == 0x80 { end = utf8.index(before: end) }
        return self[..<end]
    }

    private func suffixOfBytes(_ count: Int) -> Substring {
        var start = utf8.index(endIndex, offsetBy: -min(max(0, count), utf8.count))
        while start < endIndex, utf8[start] & 0xc0 == 0x80 { start = utf8.index(after: start) }
        return self[start...]
    }
}
