import JSON

/// A history as the model is shown it: what the model can't take is shortened or converted, and dates are added.
///
/// What is shown of a message depends on the message and on those before it alone. So the requests of an agent begin with
/// the same bytes until something leaves the context, and providers can cache them.
struct ShownHistory {
    /// The longest text of one message, in bytes.
    let limit: Int
    let zone: String
    /// The time in the time line of the system message, which names the first day; nil for no dates until a day ends.
    let systemTime: Int64?

    func messages(_ history: [TurnMessage]) -> [TurnMessage] {
        var day = systemTime.map(day)
        return history.enumerated().map { index, message in
            var shown = message
            if index > 0 || message.role != .system { shown.parts = message.parts.map { part($0, of: message) } }
            let today = self.day(of: message.createdAt)
            switch message.role {
            case .user where PackedText.isPacked(message.text ?? ""), .tool:
                // They name their time.
                day = today
            case .user where day != today:
                defer { day = today }
                guard day != nil else { break }
                shown.parts = dated(shown.parts, at: message.createdAt)
            case .user, .system, .assistant:
                break
            }
            return shown
        }
    }

    // MARK: Sizes

    private func part(_ part: TurnMessage.Part, of message: TurnMessage) -> TurnMessage.Part {
        switch part {
        case .text(let text) where message.problem != nil && text.allSatisfy(\.isWhitespace):
            return .text("(empty message)")
        case .text(let text):
            return .text(text.shortened(toBytes: limit))
        case .image where message.problem != nil:
            return .text("[An image is not shown, because the model did not accept it.]")
        case .toolCall(var call) where call.arguments.utf8.count > limit:
            let note: JSONObject = ["left_out": .string("\(call.arguments.utf8.count) bytes of arguments")]
            call.arguments = JSONWriter.string(of: note)
            return .toolCall(call)
        case .toolReturn(var result) where message.problem != nil:
            result.result = result.shown
            return .toolReturn(result)
        case .image, .reasoning, .toolCall, .toolReturn, .approval:
            return part
        }
    }

    // MARK: Dates

    private func day(of microseconds: Int64) -> Substring {
        ZonedTime.promptTextOrUTC(microseconds: microseconds, zone: zone).prefix(10)
    }

    private func dated(_ parts: [TurnMessage.Part], at microseconds: Int64) -> [TurnMessage.Part] {
        let note = "[Today is \(ZonedTime.weekdayAndDate(microseconds: microseconds, zone: zone)).]"
        guard case .text(let text)? = parts.first else { return [.text(note)] + parts }
        return [.text("\(note)\n\n\(text)")] + parts.dropFirst()
    }
}

extension ZonedTime {
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// `Monday, 2026-11-23, EST-0500`
    static func weekdayAndDate(microseconds: Int64, zone: String) -> String {
        let text = promptTextOrUTC(microseconds: microseconds, zone: zone)
        let date = text.prefix(10)
        let parts = date.split(separator: "-").compactMap { Int($0) }
        let zoneText = text.split(separator: " ").last ?? "UTC"
        guard parts.count == 3 else { return "\(date), \(zoneText)" }
        let day = CivilTime.dayNumber(year: parts[0], month: parts[1], day: parts[2])
        return "\(weekdays[CivilTime.weekday(ofDayNumber: day)]), \(date), \(zoneText)"
    }
}
