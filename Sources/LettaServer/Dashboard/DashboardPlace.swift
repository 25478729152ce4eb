/// Where the dashboard is served, by `LETTA_DASHBOARD`.
package enum DashboardPlace: Sendable, Equatable {
    case off
    /// With the API.
    case withAPI
    /// On an address of its own, and not where the API is served alone.
    case address(host: String, port: Int)

    /// - Throws: `StartUpFailure.invalidSetting`.
    init(_ text: String?) throws {
        guard let text, !text.isEmpty else {
            self = .withAPI
            return
        }
        guard let colon = text.lastIndex(of: ":") else {
            self = try ServerConfiguration.flag("LETTA_DASHBOARD", text) ? .withAPI : .off
            return
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw StartUpFailure.invalidSetting(
                "LETTA_DASHBOARD is '\(text)'; use on, off, or an address with a port, such as 127.0.0.1:8284.")
        }
        self = .address(host: String(host), port: Int(port))
    }

    var text: String {
        switch self {
        case .off: "off"
        case .withAPI: "on"
        case .address(let host, let port): "\(host):\(port)"
        }
    }
}
