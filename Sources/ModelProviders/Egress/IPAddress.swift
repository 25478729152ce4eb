import Glibc

/// An IP address by its bytes, so that all spellings of an address are equal.
struct IPAddress: Sendable, Equatable {
    /// 4 or 16 bytes in network order.
    let bytes: [UInt8]

    /// Reads every spelling that the resolver reads: `169.254.169.254`, `2852039166`, `0xa9.0376.43518`,
    /// `::ffff:a9fe:a9fe`.
    init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_aton(text, &four) != 0 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: six) { Array($0) }
        } else {
            return nil
        }
    }

    var isVersion6: Bool { bytes.count == 16 }

    /// Whether it is link-local or serves the metadata of a cloud's machines, directly or inside an IPv6 address.
    var isLinkLocalOrMetadata: Bool {
        if let four = isVersion6 ? embedded : bytes {
            return four.starts(with: [169, 254]) || Self.metadata.contains(four)
        }
        return bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80 || Self.metadata.contains(bytes)
    }

    /// Whether it is no address of the public Internet: loopback, a local network, multicast, reserved.
    var isPrivate: Bool {
        guard let four = isVersion6 ? embedded : bytes else {
            return bytes[0] & 0xfe == 0xfc || bytes[0] == 0xff || bytes[0] == 0xfe && bytes[1] & 0x80 == 0x80
        }
        return switch (four[0], four[1]) {
        case (0, _), (10, _), (127, _), (224..., _): true
        case (100, 64...127), (172, 16...31), (192, 168), (198, 18...19): true
        case (192, 0): four[2] == 0
        default: false
        }
    }

    /// Outside of 169.254.0.0/16: Alibaba, Azure, Oracle; AWS and Google over IPv6.
    private static let metadata = ["100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"]
        .compactMap { IPAddress($0)?.bytes }

    /// The IPv4 address in a mapped, compatible, translated (SIIT, NAT64) or 6to4 address.
    private var embedded: [UInt8]? {
        if bytes.starts(with: [0x20, 0x02]) { return Array(bytes[2..<6]) }
        let isTranslated = bytes.starts(with: [0, 0x64, 0xff, 0x9b])
        let isPadded = bytes[..<8].allSatisfy { $0 == 0 } && bytes[8..<12].allSatisfy { $0 == 0 || $0 == 0xff }
        return isTranslated || isPadded ? Array(bytes[12...]) : nil
    }
}
