import JSON
import LettaAPI

/// What servers that share a database say to each other, so that nobody has to wait for the next look at a table.
///
/// Nothing depends on it: what is not heard is found in the tables a moment later.
enum ServerMessage: Equatable, Sendable {
    /// A server wants to hear of the events of a run.
    case follow(ID<Run>, by: String)
    /// A run has stored events.
    case events(ID<Run>)
    /// A run is to be cancelled.
    case cancel(ID<Run>)
    /// A server has clients that follow changes.
    case hears(String)
    /// These things changed.
    case changes([ServerChange])
    /// More changed than was told.
    case missed

    /// In bytes; PostgreSQL takes up to 7,999.
    private static let longest = 7_000

    /// As many messages as the changes need.
    static func changes(_ changes: [ServerChange]) -> [ServerMessage] {
        var (messages, part, size) = ([ServerMessage](), [ServerChange](), 0)
        for change in changes {
            let bytes = change.text.utf8.count
            guard bytes < longest else { return [.missed] }
            if size + bytes > longest {
                messages.append(.changes(part))
                (part, size) = ([], 0)
            }
            part.append(change)
            size += bytes + 1
        }
        return messages + [.changes(part)]
    }

    var text: String {
        switch self {
        case .follow(let run, let server): "follow \(run) \(server)"
        case .events(let run): "events \(run)"
        case .cancel(let run): "cancel \(run)"
        case .hears(let server): "hears \(server)"
        case .changes(let changes): "changes \(changes.map(\.text).joined(separator: "\n"))"
        case .missed: "missed"
        }
    }

    /// Nil for what a server of another version says.
    init?(_ text: String) {
        if text.hasPrefix("changes ") {
            self = .changes(text.dropFirst("changes ".count).split(separator: "\n").compactMap { ServerChange($0) })
            return
        }
        let words = text.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("follow", 3): self = .follow(ID(words[1]), by: words[2])
        case ("events", 2): self = .events(ID(words[1]))
        case ("cancel", 2): self = .cancel(ID(words[1]))
        case ("hears", 2): self = .hears(words[1])
        case ("missed", 1): self = .missed
        default: return nil
        }
    }
}

extension ServerChange {
    /// A line of JSON.
    fileprivate var text: String {
        JSONWriter.string(of: JSONValue.array(([organization, notice.kind] + notice.ids).map { .string($0) }))
    }

    /// Nil for what a server of another version says.
    fileprivate init?(_ text: Substring) {
        guard let words = try? JSONParser().parse(String(text)).array?.compactMap(\.string), words.count >= 2 else {
            return nil
        }
        self.init(organization: words[0], notice: ChangeNotice(words[1], Array(words.dropFirst(2))))
    }
}
