public import JSON

/// Says that something changed, and nothing of what it is now: whoever wants to know reads it.
public struct ChangeNotice: Codable, Sendable, Hashable, JSONWritable {
    /// What changed, as paths name it: `agents`, `blocks`, `runs`, …; `runs` for the begin and the end of a run, `steps`
    /// for what it does between, and `approvals` for what waits for one.
    public var kind: String
    /// Of what changed, and of what it belongs to.
    public var ids: [String]

    public init(_ kind: String, _ ids: [String]) {
        self.kind = kind
        self.ids = ids
    }
}

extension API {
    /// Notices of changes.
    public enum Events {
        public static let follow = Endpoint<NoPath, NoQuery, NoBody, ChangeNotice>(
            .get, "/v1/server/events",
            "Streams a notice for each change: its kind and ids alone. Events are `ready`, `change`, `beat` and `resync`."
        )
    }
}
