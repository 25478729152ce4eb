public import JSON

/// Something that has an id of its own kind.
public protocol Resource {
    /// The part of the id before the uuid, without the dash: `agent`.
    static var idPrefix: String { get }
}

/// The name of one resource: `<prefix>-<uuid4>`, typed by what it names.
///
/// Only ids in paths are checked against the pattern (see ``matchesPattern(_:)``); an id in a body
/// that names nothing is simply not found.
public struct ID<Of: Resource>: Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    public var description: String { rawValue }
}

extension ID: Codable {
    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension ID: JSONWritable {
    public func write(to writer: inout JSONWriter) {
        writer.value(rawValue)
    }
}

extension ID: PathParameters {
    public static var patterns: [CapturePattern] { [.id(prefix: Of.idPrefix)] }
    public var captured: [String] { [rawValue] }

    public init(captured values: [String]) {
        rawValue = values[0]
    }
}

extension CapturePattern {
    /// Ids have lowercase hex digits, version nibble 4, and variant 8, 9, a or b.
    public func matches(_ text: String) -> Bool {
        guard case .ids(let prefixes, let words) = self else { return true }
        return words.contains(text) || prefixes.contains { Self.isID(text, prefix: $0) }
    }

    private static func isID(_ text: String, prefix: String) -> Bool {
        let bytes = Array(text.utf8)
        let start = Array(prefix.utf8) + [UInt8(ascii: "-")]
        guard bytes.count == start.count + 36, bytes.starts(with: start) else { return false }
        for (position, byte) in bytes[start.count...].enumerated() {
            let isHex = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
            let fits =
                switch position {
                case 8, 13, 18, 23: byte == UInt8(ascii: "-")
                case 14: byte == UInt8(ascii: "4")
                case 19: byte == 0x38 || byte == 0x39 || byte == 0x61 || byte == 0x62
                default: isHex
                }
            guard fits else { return false }
        }
        return true
    }
}
