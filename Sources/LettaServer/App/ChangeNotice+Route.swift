import HTTPKit
import LettaAPI

extension ChangeNotice {
    /// Paths whose first parts name something else than what they change.
    private static let names = [
        "_internal_agents": "agents", "_internal_blocks": "blocks", "_internal_runs": "runs", "sources": "folders",
        "passages": "archives",
    ]

    /// What a request changed; nil for what no screen shows.
    init?(_ change: RouteChange) {
        let parts = change.path.split(separator: "/").map(String.init)
        guard parts.first == "v1", parts.count > 1, !["server", "auth", "health"].contains(parts[1]) else { return nil }
        self.init(Self.names[parts[1]] ?? parts[1], change.captures.filter(Self.isID))
    }

    /// Labels and names are content.
    private static func isID(_ capture: String) -> Bool {
        guard let dash = capture.firstIndex(of: "-") else { return false }
        let uuid = capture[dash...].dropFirst()
        return !capture[..<dash].isEmpty && capture[..<dash].allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_") }
            && uuid.utf8.count == 36 && uuid.allSatisfy { $0.isHexDigit || $0 == "-" }
    }
}
