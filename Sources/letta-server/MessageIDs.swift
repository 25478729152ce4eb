import JSON
import LettaServer

/// Finds out which messages of a server those of an agent file are: files count their messages, and lists have their ids.
struct MessageIDs {
    /// A message of the server.
    struct Listed: Sendable {
        var id: String
        var origin: AgentTransfer.Source.Origin
        /// To the second.
        var time: String
        /// The roles in files of what it is shown as.
        var roles: Set<String>

        /// - Parameter elements: of a list, in order. One message is shown as several of them.
        static func messages(_ elements: [JSONValue]) -> [Listed] {
            var messages: [Listed] = []
            for element in elements {
                guard let id = element["id"]?.string, messages.last?.id != id,
                    let roles = roles[element["message_type"]?.string ?? ""]
                else { continue }
                messages.append(
                    Listed(
                        id: id,
                        origin: .init(run: element["run_id"]?.string, step: element["step_id"]?.string),
                        time: String((element["date"]?.string ?? "").prefix(secondsLength)), roles: roles))
            }
            return messages
        }

        private static let roles: [String: Set<String>] = [
            "system_message": ["system"], "user_message": ["user"], "event_message": ["user"],
            "summary_message": ["user", "summary"], "reasoning_message": ["assistant", "approval"],
            "hidden_reasoning_message": ["assistant", "approval"], "assistant_message": ["assistant", "approval"],
            "tool_call_message": ["assistant", "approval"], "approval_request_message": ["approval"],
            "approval_response_message": ["approval"], "tool_return_message": ["tool", "function"],
        ]
    }

    /// Of a time like `2026-11-30T13:25:58`.
    private static let secondsLength = 19

    /// The messages of the server by their ids in the file.
    private(set) var known: [String: Listed] = [:]

    /// - Parameters:
    ///   - messages: of an agent or a conversation of the file, in order.
    ///   - context: the ids in the file of those in the context.
    ///   - contextIDs: the ids on the server of those in the context.
    ///   - listed: what the server lists, in order.
    init(of messages: [JSONValue], context: [String], _ contextIDs: [String], listed: [Listed]) {
        let places = Dictionary(listed.enumerated().map { ($1.id, $0) }) { first, _ in first }
        if context.count == contextIDs.count {
            for (place, id) in zip(context, contextIDs) {
                let empty = Listed(id: id, origin: .init(), time: "", roles: [])
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
            let time = String((message["created_at"]?.string ?? "").prefix(Self.secondsLength))
            let role = message["role"]?.string ?? ""
            let rest = listed[next...].prefix { $0.time <= time }
            guard
                let found = rest.indices.first(where: { index in
                    let one = rest[index]
                    return one.time == time && one.roles.contains(role) && !inContext.contains(one.id)
                })
            else { continue }
            known[place] = listed[found]
            next = found + 1
        }
    }
}
