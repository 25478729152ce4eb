import JSON
import LettaServer

/// Finds out which messages of a server those of an agent file are: files count their messages, and lists have their ids.
struct MessageIDs {
    /// The messages of the server by their ids in the file.
    private(set) var known: [String: ListedMessage] = [:]

    /// - Parameters:
    ///   - messages: of an agent or a conversation of the file, in order.
    ///   - context: the ids in the file of those in the context.
    ///   - contextIDs: the ids on the server of those in the context.
    ///   - listed: what the server lists, in order.
    init(of messages: [JSONValue], context: [String], _ contextIDs: [String], listed: [ListedMessage]) {
        let places = Dictionary(listed.enumerated().map { ($1.id, $0) }) { first, _ in first }
        if context.count == contextIDs.count {
            for (place, id) in zip(context, contextIDs) {
                let empty = ListedMessage(id: id, origin: .init(), time: "", roles: [], elements: [])
                known[place] = places[id].map { listed[$0] } ?? empty
            }
        }
        let inContext = Set(known.values.map(\.id))
        var next = listed.startIndex
        for message in messages {
            guard let place = message["id"]?.string else { continue }
            if let same = known[place] {
                if let found = places[same.id] { next = max(next, found + 1) }
                continue
            }
            // Both are in the order in which they were said; the list may lack some.
            let time = String((message["created_at"]?.string ?? "").prefix(ListedMessage.secondsLength))
            let role = message["role"]?.string ?? ""
            let rest = listed[next...].prefix { $0.time <= time }
            let candidates = rest.indices.filter { index in
                let one = rest[index]
                return one.time == time && one.roles.contains(role) && !inContext.contains(one.id)
            }
            // Several messages may be of one second.
            let text = ListedMessage.text(of: message)
            let same = candidates.first { ListedMessage.text(of: listed[$0].entry) == text }
            guard let found = same ?? candidates.first else { continue }
            known[place] = listed[found]
            next = found + 1
        }
    }
}
