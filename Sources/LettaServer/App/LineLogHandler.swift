import Glibc
package import Logging
import Synchronization

/// Writes an event a line: time, level, label, what is known of it in the order of the keys, source and message.
///
/// Nothing in an event can end its line or reach the terminal: control characters are written as `\n` or `\u{1b}`.
/// Swift-log's own handler makes the time anew for each line, which took a third of the time of a plain request.
package struct LineLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let output: Output

    /// - Parameter descriptor: an open file; the one of standard error if it is not said.
    package init(label: String, descriptor: Int32 = STDERR_FILENO) {
        self.label = label
        output = Output(descriptor: descriptor)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let said = event.metadata { all.merge(said) { _, new in new } }
        if let error = event.error {
            all["error.message"] = "\(error)"
            all["error.type"] = "\(String(reflecting: type(of: error)))"
        }
        var line = LogLine(time: output.time())
        line.append(" ", event.level.rawValue, " ", label, ":")
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line.append(" ", key, "=")
            if case .string(let text) = value { line.append(text) } else { line.append("\(value)") }
        }
        line.append(" [", event.source, "] ", "\(event.message)")
        output.write(line.ended())
    }
}

/// The text of one event.
private struct LogLine {
    private var bytes: [UInt8]

    init(time: [UInt8]) {
        bytes = time
        bytes.reserveCapacity(384)
    }

    mutating func append(_ texts: String...) {
        for text in texts {
            if text.utf8.contains(where: Self.isControl) {
                for byte in text.utf8 { append(byte) }
            } else {
                bytes.append(contentsOf: text.utf8)
            }
        }
    }

    private mutating func append(_ byte: UInt8) {
        switch byte {
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case _ where Self.isControl(byte): bytes.append(contentsOf: "\\u{\(String(byte, radix: 16))}".utf8)
        default: bytes.append(byte)
        }
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    consuming func ended() -> [UInt8] {
        bytes.append(0x0A)
        return bytes
    }
}

/// Where the lines go, one at a time.
private final class Output: Sendable {
    private let descriptor: Mutex<Int32>
    /// The second that was written last, and how.
    private let second = Mutex((number: time_t.min, text: [UInt8]()))

    init(descriptor: Int32) {
        self.descriptor = Mutex(descriptor)
    }

    /// The local time to the second with its distance from UTC: `2026-01-31T14:30:00+0100`.
    func time() -> [UInt8] {
        let now = Glibc.time(nil)
        return second.withLock { second in
            if second.number != now { second = (now, Self.text(of: now)) }
            return second.text
        }
    }

    private static func text(of time: time_t) -> [UInt8] {
        var time = time
        var parts = tm()
        tzset()
        localtime_r(&time, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let count = strftime(buffer.baseAddress, buffer.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
            return buffer[..<count].map { UInt8(bitPattern: $0) }
        }
    }

    func write(_ bytes: [UInt8]) {
        descriptor.withLock { descriptor in
            bytes.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    if count < 0, errno == EINTR { continue }
                    // A log that can't be written is nothing a request should fail for.
                    guard count > 0 else { return }
                    rest = rest.dropFirst(count)
                }
            }
        }
    }
}
