/// The UTC offset of a zone at some moment, and its abbreviation (`CEST`, `+0530`).
struct LocalOffset: Equatable {
    /// Seconds east of Greenwich.
    var seconds: Int
    var abbreviation: String

    static let utc = LocalOffset(seconds: 0, abbreviation: "UTC")
}

/// The past and future offsets of a zone, read from a compiled tz database file.
///
/// Format: RFC 8536, the 64-bit part and the footer. Foundation's `TimeZone` is not used because it abbreviates
/// `Europe/Berlin` as `GMT+1`, where the tz database says `CET`.
struct ZoneFile: Equatable {
    private var transitions: [Int]
    /// `offsets[transitionOffsets[i]]` applies from `transitions[i]` on.
    private var transitionOffsets: [Int]
    private var offsets: [LocalOffset]
    private var footer: PosixZoneRule?

    static let utc = ZoneFile(transitions: [], transitionOffsets: [], offsets: [.utc], footer: nil)

    /// The offset in force at `seconds` since 1970 UTC.
    func offset(at seconds: Int) -> LocalOffset {
        guard let last = transitions.last, seconds < last else {
            if let footer { return footer.offset(at: seconds) }
            return offsets[transitionOffsets.last ?? 0]
        }
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? offsets[0] : offsets[transitionOffsets[low - 1]]
    }
}

extension ZoneFile {
    /// Parses a file's bytes; nil when they are not a version 2 (or later) zone file.
    init?(bytes: [UInt8]) {
        let reader = BigEndianReader(bytes: bytes)
        guard let old = Header(reader, at: 0) else { return nil }
        // The first part repeats the data in 32 bits for old readers: skip it.
        let start = Header.size + old.dataSize(timeSize: 4)
        guard let header = Header(reader, at: start) else { return nil }

        let times = start + Header.size
        let indexes = times + header.transitionCount * 8
        let types = indexes + header.transitionCount
        let names = types + header.typeCount * 6
        let end = start + Header.size + header.dataSize(timeSize: 8)
        guard end <= bytes.count, header.typeCount > 0 else { return nil }

        offsets = []
        for type in 0..<header.typeCount {
            guard let seconds = reader.int32(at: types + type * 6),
                let nameIndex = reader.byte(at: types + type * 6 + 5), nameIndex < header.nameBytes
            else { return nil }
            let name = bytes[(names + nameIndex)..<(names + header.nameBytes)].prefix { $0 != 0 }
            offsets.append(LocalOffset(seconds: seconds, abbreviation: String(decoding: name, as: UTF8.self)))
        }
        transitions = []
        transitionOffsets = []
        for index in 0..<header.transitionCount {
            guard let time = reader.int64(at: times + index * 8), let type = reader.byte(at: indexes + index),
                type < offsets.count
            else { return nil }
            transitions.append(time)
            transitionOffsets.append(type)
        }
        let footerText = bytes[end...].dropFirst().prefix { $0 != UInt8(ascii: "\n") }
        footer = PosixZoneRule(String(decoding: footerText, as: UTF8.self))
    }

    private struct Header {
        static let size = 44
        var transitionCount: Int
        var typeCount: Int
        var nameBytes: Int
        var leapCount: Int
        var flagBytes: Int

        /// nil when there is no header of version 2 or later at `start`, or its counts are beyond any real zone.
        init?(_ reader: BigEndianReader, at start: Int) {
            guard reader.bytes.count >= start + Self.size,
                reader.bytes[start..<(start + 4)].elementsEqual("TZif".utf8),
                reader.bytes[start + 4] >= UInt8(ascii: "2")
            else { return nil }
            var counts: [Int] = []
            for index in 0..<6 {
                guard let count = reader.int32(at: start + 20 + index * 4), (0...65_536).contains(count) else {
                    return nil
                }
                counts.append(count)
            }
            flagBytes = counts[0] + counts[1]
            leapCount = counts[2]
            transitionCount = counts[3]
            typeCount = counts[4]
            nameBytes = counts[5]
        }

        func dataSize(timeSize: Int) -> Int {
            transitionCount * (timeSize + 1) + typeCount * 6 + nameBytes + leapCount * (timeSize + 4) + flagBytes
        }
    }
}

private struct BigEndianReader {
    let bytes: [UInt8]

    func byte(at position: Int) -> Int? {
        bytes.indices.contains(position) ? Int(bytes[position]) : nil
    }

    func int32(at position: Int) -> Int? {
        unsigned(at: position, size: 4).map { Int(Int32(truncatingIfNeeded: $0)) }
    }

    func int64(at position: Int) -> Int? {
        unsigned(at: position, size: 8).map { Int(truncatingIfNeeded: $0) }
    }

    private func unsigned(at position: Int, size: Int) -> UInt64? {
        guard position >= 0, position + size <= bytes.count else { return nil }
        return bytes[position..<(position + size)].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
