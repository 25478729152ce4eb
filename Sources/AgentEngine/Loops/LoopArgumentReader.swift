import JSON

/// Reads the arguments of a call piece by piece and takes them apart: the thought, the text that is spoken, and the
/// arguments that clients see.
///
/// The pieces of the arguments make up valid JSON, whatever the model's spacing: those of the loop are cut out where they
/// stand.
struct LoopArgumentReader: Sendable {
    enum Piece: Sendable, Hashable {
        case thought(String)
        case speech(String)
        case arguments(String)
    }

    private enum Place: Sendable {
        case start, beforeKey, key, afterKey, beforeValue, string, scalar, nested, afterValue, end, broken
    }

    private enum Role: Sendable {
        case thought, speech, heartbeat, other
    }

    private let takesThought: Bool
    private let takesHeartbeat: Bool
    private let speechArgument: String?
    private var place = Place.start
    private var role = Role.other
    /// The text that is collected and not passed on yet: a key, a heartbeat, a string that ends in half an escape.
    private var held: [UInt8] = []
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var hasMembers = false
    private var heartbeat = false
    private var pieces: [Piece] = []

    /// - Parameter speech: the argument that is spoken; nil for tools that don't speak.
    init(tool: TurnTool?, plan: TurnPlan, speech: String? = nil) {
        takesThought = plan.thinksInArguments && tool?.ownsThought != true
        takesHeartbeat = plan.loop == .heartbeat
        speechArgument = speech
    }

    /// Whether a whole object was read, and nothing else.
    var isComplete: Bool { if case .end = place { true } else { false } }

    mutating func add(_ text: String) -> [Piece] {
        for byte in text.utf8 { read(byte) }
        flush()
        defer { pieces = [] }
        return pieces
    }

    /// Call it after the last piece: no arguments at all count as an empty object.
    mutating func finish() -> [Piece] {
        guard case .start = place else { return [] }
        return add("{}")
    }

    // MARK: Reading

    private mutating func read(_ byte: UInt8) {
        switch place {
        case .start:
            if Self.isSpace(byte) { return }
            place = byte == UInt8(ascii: "{") ? .beforeKey : .broken
        case .beforeKey:
            if Self.isSpace(byte) { return }
            if byte == UInt8(ascii: "}") { return close() }
            guard byte == UInt8(ascii: "\"") else { return place = .broken }
            held = [byte]
            place = .key
        case .key:
            held.append(byte)
            if endsString(byte) { place = .afterKey }
        case .afterKey:
            if Self.isSpace(byte) { return }
            guard byte == UInt8(ascii: ":") else { return place = .broken }
            beginMember()
        case .beforeValue:
            if Self.isSpace(byte) { return }
            beginValue(byte)
        case .string:
            readString(byte)
        case .scalar:
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || Self.isSpace(byte) {
                endValue()
                read(byte)
            } else {
                held.append(byte)
            }
        case .nested:
            held.append(byte)
            readNested(byte)
        case .afterValue:
            if Self.isSpace(byte) { return }
            switch byte {
            case UInt8(ascii: ","): place = .beforeKey
            case UInt8(ascii: "}"): close()
            default: place = .broken
            }
        case .end:
            if !Self.isSpace(byte) { place = .broken }
        case .broken:
            return
        }
    }

    private mutating func beginMember() {
        let key =
            (try? JSONParser(options: [.replaceLoneSurrogates, .removeNUL]).parse(
                String(decoding: held, as: UTF8.self)))?.string
        role =
            switch key {
            case LoopArguments.thought? where takesThought: .thought
            case LoopArguments.heartbeat? where takesHeartbeat: .heartbeat
            case let key? where key == speechArgument: .speech
            default: .other
            }
        if role == .other || role == .speech {
            emit((hasMembers ? ", " : "{") + String(decoding: held, as: UTF8.self) + ": ")
            hasMembers = true
        }
        held = []
        place = .beforeValue
    }

    private mutating func beginValue(_ byte: UInt8) {
        held = [byte]
        switch byte {
        case UInt8(ascii: "\""):
            place = .string
            if role == .thought || role == .speech { held = [] }
            if role == .speech { emit("\"") }
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            place = .nested
            depth = 1
            isInString = false
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ":"):
            place = .broken
        default:
            place = .scalar
        }
    }

    private mutating func readString(_ byte: UInt8) {
        guard endsString(byte) else { return held.append(byte) }
        switch role {
        case .thought, .speech:
            flushText(isWhole: true)
            if role == .speech { emit("\"") }
        case .heartbeat, .other:
            held.append(byte)
        }
        endValue()
    }

    private mutating func readNested(_ byte: UInt8) {
        if isInString {
            if endsString(byte) { isInString = false }
            return
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            if depth == 0 { endValue() }
        default: return
        }
    }

    private mutating func endsString(_ byte: UInt8) -> Bool {
        if isEscaped {
            isEscaped = false
            return false
        }
        isEscaped = byte == UInt8(ascii: "\\")
        return byte == UInt8(ascii: "\"")
    }

    private mutating func endValue() {
        let text = String(decoding: held, as: UTF8.self)
        switch role {
        case .heartbeat: heartbeat = LoopArguments.isTrue(try? JSONParser().parse(text))
        // A thought that is no text is none.
        case .thought: break
        case .speech, .other: emit(text)
        }
        held = []
        place = .afterValue
    }

    private mutating func close() {
        if !hasMembers { emit("{") }
        if takesHeartbeat { emit("\(hasMembers ? ", " : "")\"\(LoopArguments.heartbeat)\": \(heartbeat)") }
        emit("}")
        place = .end
    }

    // MARK: Passing on

    /// Passes on as much of a value as is certain.
    private mutating func flush() {
        switch (place, role) {
        case (.string, .thought), (.string, .speech):
            flushText(isWhole: false)
        case (.string, .other), (.scalar, .other), (.nested, .other), (.scalar, .speech), (.nested, .speech):
            emit(String(decoding: held, as: UTF8.self))
            held = []
        default:
            break
        }
    }

    private mutating func flushText(isWhole: Bool) {
        let end = isWhole ? held.count : Self.endOfWholeEscapes(held)
        guard end > 0 else { return }
        let raw = String(decoding: held[..<end], as: UTF8.self)
        held.removeFirst(end)
        let options: JSONParser.Options = [.replaceLoneSurrogates, .removeNUL]
        let text = (try? JSONParser(options: options).parse("\"\(raw)\""))?.string ?? raw
        if role == .speech {
            emit(raw)
            pieces.append(.speech(text))
        } else {
            pieces.append(.thought(text))
        }
    }

    /// The length of the beginning that does not end inside an escape or between the halves of a surrogate pair.
    private static func endOfWholeEscapes(_ bytes: [UInt8]) -> Int {
        var place = 0
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "\\") else {
                place += 1
                continue
            }
            guard place + 1 < bytes.count else { return place }
            guard bytes[place + 1] == UInt8(ascii: "u") else {
                place += 2
                continue
            }
            guard place + 6 <= bytes.count else { return place }
            let unit = UInt16(String(decoding: bytes[(place + 2)..<(place + 6)], as: UTF8.self), radix: 16)
            let isHigh = unit.map { (0xd800..<0xdc00).contains($0) } ?? false
            guard !isHigh || place + 12 <= bytes.count else { return place }
            place += isHigh ? 12 : 6
        }
        return min(place, bytes.count)
    }

    private mutating func emit(_ text: String) {
        guard !text.isEmpty else { return }
        if case .arguments(let before)? = pieces.last {
            pieces[pieces.count - 1] = .arguments(before + text)
        } else {
            pieces.append(.arguments(text))
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }
}
