import FoundationEssentials

/// An address that this server may call: http or https, a host, a port from 1 to 65535, nothing disguised.
///
/// Parsed with the HTTP client's own parser, whose host and port must be all that the authority spells out. So no other
/// reading of the text leads to another host, and no port reaches the client that it can't represent.
package struct EgressAddress: Sendable, Equatable {
    /// In bytes.
    private static let longest = 2_000

    /// In lowercase, without the brackets of an IPv6 address and the final dot of a name.
    package let host: String

    /// - Throws: ``EgressRefusal`` with the reason.
    package init(_ text: String) throws(EgressRefusal) {
        guard text.utf8.count <= Self.longest, !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f || $0 == 0x5c }),
            let parts = URL(string: text), let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme)
        else { throw EgressRefusal(reason: "must be an http or https address") }
        let authority = text.utf8.drop { $0 != 0x3a }.dropFirst(3).prefix { ![0x2f, 0x3f, 0x23].contains($0) }
        guard !authority.contains(0x40) else {
            throw EgressRefusal(reason: "must not contain a user name or a password")
        }
        let host = parts.host ?? ""
        let shown = host.contains(":") ? "[\(host)]" : host
        guard Self.isHost(host), authority.starts(with: shown.utf8) else {
            throw EgressRefusal(reason: "must be an http or https address with a host name or an IP address")
        }
        let port = Substring(authority.dropFirst(shown.utf8.count))
        guard port.isEmpty || Self.isPort(port, parts.port) else {
            throw EgressRefusal(reason: "must have a port from 1 to 65535")
        }
        let name = host.lowercased()
        self.host = name.hasSuffix(".") ? String(name.dropLast()) : name
        guard !Self.metadataNames.contains(self.host), IPAddress(self.host)?.isLinkLocalOrMetadata != true else {
            throw EgressRefusal.forbidden(host)
        }
    }

    /// An address for messages, without a password and a query, which may hold a key.
    package static func shown(_ text: String) -> String {
        let plain = text.prefix { $0 != "?" && $0 != "#" }.prefix(200)
        guard let start = plain.firstRange(of: "://")?.upperBound,
            let at = plain[start...].prefix(while: { $0 != "/" }).lastIndex(of: "@")
        else { return String(plain) }
        return String(plain[..<start] + plain[plain.index(after: at)...])
    }

    private static let metadataNames = ["metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"]

    /// Whether it is an IPv6 address, or a name of the characters that names have; others are written in Punycode.
    private static func isHost(_ host: String) -> Bool {
        if host.contains(":") { return IPAddress(host)?.isVersion6 == true }
        let isName = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
            default: false
            }
        }
        return isName && host.utf8.contains { $0 != 0x2e }
    }

    private static func isPort(_ text: Substring, _ parsed: Int?) -> Bool {
        guard text.first == ":", let port = UInt16(text.dropFirst()) else { return false }
        return port > 0 && Int(port) == parsed
    }
}

/// Why this server does not call an address.
package struct EgressRefusal: Error, Sendable, Equatable {
    /// To be read after the address or the name of its field: `must have a port from 1 to 65535`.
    package let reason: String

    static func forbidden(_ host: String) -> EgressRefusal {
        EgressRefusal(
            reason: "must not be a link-local or cloud metadata address, which this server never calls (\(host))")
    }

    static func outside(_ host: String) -> EgressRefusal {
        guard IPAddress(host)?.isLinkLocalOrMetadata == false else { return forbidden(host) }
        return EgressRefusal(
            reason: "must not be a private address (\(host)) unless LETTA_ALLOWED_PRIVATE_HOSTS lists its host")
    }
}
