import Storage

/// Lays bound values out as libpq wants them: text form for all but blobs, which go as they are.
struct PostgresParameters {
    /// All values one after the other, each followed by a NUL.
    private var bytes: [UInt8] = []
    /// Where each value starts; `nil` is NULL.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init(_ binds: [SQLValue]) throws(SQLFailure) {
        for bind in binds {
            switch bind {
            case .null: append(nil)
            case .integer(let number): append(Array(String(number).utf8))
            case .real(let number): append(Array(String(number).utf8))
            case .boolean(let flag): append([UInt8(ascii: flag ? "t" : "f")])
            case .blob(let blob): append(blob, isBinary: true)
            case .text(let text):
                guard !text.utf8.contains(0) else {
                    throw SQLFailure(.decoding, "text with a NUL character can not be stored")
                }
                append(Array(text.utf8))
            }
        }
    }

    private mutating func append(_ value: [UInt8]?, isBinary: Bool = false) {
        starts.append(value.map { _ in bytes.count })
        lengths.append(Int32(clamping: value?.count ?? 0))
        formats.append(isBinary ? 1 : 0)
        guard let value else { return }
        bytes.append(contentsOf: value)
        bytes.append(0)
    }

    /// Gives count, values, lengths and formats, valid during `body`.
    func withPointers<T>(
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> T
    ) -> T {
        bytes.withUnsafeBytes { buffer in
            let values = starts.map { start in
                start.flatMap { buffer.baseAddress?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
            }
            return values.withUnsafeBufferPointer { values in
                lengths.withUnsafeBufferPointer { lengths in
                    formats.withUnsafeBufferPointer { formats in
                        body(Int32(values.count), values.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}
