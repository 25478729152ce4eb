/// Which web pages may call this server, by their `Origin` header.
struct OriginPolicy: Sendable {
    private let acceptable: Set<String>
    private let acceptsAll: Bool

    init(acceptable: [String]) {
        self.acceptable = Set(acceptable.map { Self.normalized($0) })
        acceptsAll = acceptable.contains("*")
    }

    /// Accepts origins of this machine and the listed ones.
    func accepts(_ origin: String) -> Bool {
        if acceptsAll || acceptable.contains(Self.normalized(origin)) { return true }
        guard let authority = Self.authority(of: origin) else { return false }
        return HostName.withoutPort(authority).map(HostName.isThisMachine) ?? false
    }

    /// Also accepts same-origin requests.
    func accepts(_ origin: String, servedAs authority: String?) -> Bool {
        if let authority, Self.authority(of: origin) == authority.lowercased() { return true }
        return accepts(origin)
    }

    static func normalized(_ origin: String) -> String {
        var origin = origin.lowercased()
        if origin.hasSuffix("/") { origin.removeLast() }
        return origin
    }

    /// `localhost:3000` of `http://localhost:3000`; nil for opaque origins such as `null`.
    private static func authority(of origin: String) -> String? {
        let origin = normalized(origin)
        for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
            return String(origin.dropFirst(scheme.count))
        }
        return nil
    }
}

/// Host names in headers.
enum HostName {
    static func isThisMachine(_ name: String) -> Bool {
        name == "localhost" || name == "127.0.0.1" || name == "[::1]"
    }

    /// Lower case, without the port: `[::1]` of `[::1]:8283`; nil when what follows the name is no port.
    static func withoutPort(_ authority: String) -> String? {
        let authority = authority.lowercased()
        let end =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]").map { authority.index(after: $0) }
            : authority.firstIndex(of: ":") ?? authority.endIndex
        guard let end else { return nil }
        let port = authority[end...]
        guard port.isEmpty || port.first == ":" && UInt16(port.dropFirst()) != nil && port.dropFirst().first != "+"
        else {
            return nil
        }
        return String(authority[..<end])
    }
}
