import Glibc
package import Logging
import Synchronization

/// Writes one line per event: time, level, label, metadata sorted by key, source and message.
///
/// Nothing in an event can end its line or control the terminal: see ``LogLine``. Swift-log's own handler formats the
/// time for each line, and all metadata at each change of it, which took a twentieth of a turn.
package struct LineLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let output: Output
    private let recent: RecentLog?

    /// - Parameters:
    ///   - descriptor: an open file; standard error by default.
    ///   - recent: keeps the entries, too.
    package init(label: String, descriptor: Int32 = STDERR_FILENO, recent: RecentLog? = nil) {
        self.label = label
        self.recent = recent
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
        recent?.append(event, all)
    }
}

/// The text of one event.
///
/// Control characters, line separators and bidirectional marks are escaped as `\n` or `\u{1b}`, and so are backslashes
/// in such a text.
private struct LogLine {
    private var bytes: [UInt8]

    init(time: [UInt8]) {
        bytes = time
        bytes.reserveCapacity(384)
    }

    mutating func append(_ texts: String...) {
        for text in texts {
            if text.utf8.contains(where: Self.isSuspect) {
                for scalar in text.unicodeScalars { append(scalar) }
            } else {
                bytes.append(contentsOf: text.utf8)
            }
        }
    }

    /// Whether text with this byte has to be examined by characters: it has ASCII controls (or those of Latin 1, which
    /// begin with 0xC2), or line separators and bidirectional marks (0xE2).
    private static func isSuspect(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xE2
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        switch (scalar, scalar.properties.generalCategory) {
        case ("\n", _): bytes.append(contentsOf: "\\n".utf8)
        case ("\r", _): bytes.append(contentsOf: "\\r".utf8)
        case ("\t", _): bytes.append(contentsOf: "\\t".utf8)
        case ("\\", _): bytes.append(contentsOf: "\\\\".utf8)
        case (_, .control), (_, .format), (_, .lineSeparator), (_, .paragraphSeparator):
            bytes.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".utf8)
        default: bytes.append(contentsOf: String(scalar).utf8)
        }
    }

    consuming func ended() -> [UInt8] {
        bytes.append(0x0A)
        return bytes
    }
}

/// Writes lines to a descriptor, one at a time.
private final class Output: Sendable {
    private let descriptor: Int32
    /// Whether the last line was truncated. Locked while a line is written.
    private let isCut = Mutex(false)
    /// The last formatted second and its text.
    private let second = Mutex((number: time_t.min, text: [UInt8]()))

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The local time in seconds with its UTC offset: `2026-01-31T14:30:00+0100`.
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

    /// No request fails because its log can't be written: what does not fit is dropped.
    func write(_ line: [UInt8]) {
        isCut.withLock { isCut in
            let line = isCut ? [0x0A] + line : line
            let written = written(of: line)
            isCut = written == 0 ? isCut : written < line.count
        }
    }

    /// Returns the number of bytes written. Waits for a slow reader, but not for long.
    private func written(of bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            var count = 0
            while count < bytes.count, let start = bytes.baseAddress {
                let taken = Glibc.write(descriptor, start + count, bytes.count - count)
                if taken > 0 {
                    count += taken
                } else if errno == EAGAIN {
                    var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    guard poll(&place, 1, Self.patience) > 0 else { break }
                } else if errno != EINTR {
                    break
                }
            }
            return count
        }
    }

    /// In milliseconds.
    private static let patience: Int32 = 100
}
