/// The place of an operation in a distributed trace, as W3C Trace Context names it.
package struct TraceContext: Sendable, Hashable {
    /// 32 hexadecimal digits in lowercase.
    package let traceID: String
    /// 16 hexadecimal digits in lowercase.
    package let spanID: String
    /// Whether whoever began the trace wants it recorded.
    package let isSampled: Bool
    /// Whether calls of other services name it.
    package let isPropagated: Bool

    /// The operation that the current task is part of; nil for none.
    @TaskLocal package static var current: TraceContext?

    private init(traceID: String, spanID: String, isSampled: Bool, isPropagated: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.isPropagated = isPropagated
    }

    /// The context of a caller. Nil for a header that is not valid, which has to be ignored.
    package init?(traceparent header: String) {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false).map { Array($0.utf8) }
        guard parts.count >= 4, parts[0].count == 2, parts[1].count == 32, parts[2].count == 16, parts[3].count == 2,
            parts[0...3].allSatisfy({ $0.allSatisfy(Self.isHex) }), parts[0] != Array("ff".utf8),
            parts[0] != Array("00".utf8) || parts.count == 4,
            parts[1].contains(where: { $0 != 0x30 }), parts[2].contains(where: { $0 != 0x30 }),
            let flags = UInt8(String(decoding: parts[3], as: UTF8.self), radix: 16)
        else { return nil }
        self.init(
            traceID: String(decoding: parts[1], as: UTF8.self), spanID: String(decoding: parts[2], as: UTF8.self),
            isSampled: flags & 1 == 1, isPropagated: true)
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// The first operation of a trace.
    ///
    /// - Parameter traceID: 32 hexadecimal digits; left out: random ones.
    package static func root(traceID: String? = nil, isPropagated: Bool) -> TraceContext {
        TraceContext(
            traceID: traceID ?? randomID() + randomID(), spanID: randomID(), isSampled: true,
            isPropagated: isPropagated)
    }

    /// An operation within this one.
    package func child() -> TraceContext {
        TraceContext(traceID: traceID, spanID: Self.randomID(), isSampled: isSampled, isPropagated: isPropagated)
    }

    /// The header that names this operation to other services.
    package var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    private static func randomID() -> String {
        let digits = String(UInt64.random(in: 1 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
