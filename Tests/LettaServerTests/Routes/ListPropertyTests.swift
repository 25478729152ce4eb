import JSON
import LettaAPI
import TestSupport
import Testing

/// Pages of every list in any order, with any limit and cursor, while others add and remove rows: each row that is there
/// throughout is shown once, and a `Link` leads on while there is more.
@Suite(.timeLimit(.minutes(5))) struct ListPropertyTests {
    /// How rows of a list are added, and removed by their ids. Lists without an entry are read without changes meanwhile.
    private struct Change: Sendable {
        var add: @Sendable (TestServer, Int) async throws -> Void
        var remove: (@Sendable (TestServer, String) async throws -> Void)?
        /// Whether the list is in the order of attachment: then an element that is detached has no place any more, so the
        /// one that the next page begins after must stay.
        var isByAttachment = false
    }

    private static func post(_ path: String, _ body: @escaping @Sendable (Int) -> JSONValue) -> Change {
        Change(
            add: { server, number in _ = try await server.send(.post, path, body(number)).expect(200) },
            remove: { server, id in _ = try await server.send(.delete, "\(path)\(id)") })
    }

    private static let turn = Change(
        add: { server, _ in
            _ = try await server.send(.post, "/v1/agents/{agent_id}/messages", ["input": "Hi."]).expect(200)
        }, remove: nil)

    private static let changes: [String: Change] = [
        "/v1/agents/": post("/v1/agents/") { ["name": .string("a\($0)"), "model": model, "tags": ["one"]] },
        "/v1/blocks/": post("/v1/blocks/") { ["label": "l", "value": .string("\($0)")] },
        "/v1/_internal_blocks/": post("/v1/_internal_blocks/") { ["label": "l", "value": .string("\($0)")] },
        "/v1/archives/": post("/v1/archives/") { ["name": .string("a\($0)")] },
        "/v1/identities/": post("/v1/identities/") {
            ["identifier_key": .string("new \($0)"), "name": "n", "identity_type": "user"]
        },
        "/v1/tools/": post("/v1/tools/") { ["source_code": ToolTests.source("new_\($0)")] },
        "/v1/admin/orgs/": Change(
            add: { server, _ in _ = try await server.send(.post, "/v1/admin/orgs/", ["name": "n"]).expect(200) },
            remove: { server, id in _ = try await server.send(.delete, "/v1/admin/orgs/?org_id=\(id)") }),
        "/v1/admin/users/": Change(
            add: { server, _ in
                let body: JSONValue = ["name": "n", "organization_id": .string(Organization.defaultID.rawValue)]
                _ = try await server.send(.post, "/v1/admin/users/", body).expect(200)
            }, remove: { server, id in _ = try await server.send(.delete, "/v1/admin/users/?user_id=\(id)") }),
        "/v1/tags/": Change(
            add: { server, number in
                let tags: JSONValue = [.string("t\(number * 7 % 10) \(number)")]
                _ = try await server.send(.post, "/v1/agents/", ["model": model, "tags": tags]).expect(200)
            }, remove: nil),
        "/v1/agents/{agent_id}/archival-memory": Change(
            add: { server, number in
                _ = try await server.send(
                    .post, "/v1/agents/{agent_id}/archival-memory", ["text": .string("m\(number)")]
                ).expect(200)
            },
            remove: { server, id in _ = try await server.send(.delete, "/v1/agents/{agent_id}/archival-memory/\(id)") }),
        "/v1/runs/": Change(
            add: turn.add, remove: { server, id in _ = try await server.send(.delete, "/v1/runs/\(id)") }),
        "/v1/steps/": Change(
            add: turn.add,
            remove: { server, id in
                let run = try await server.get("/v1/steps/\(id)").json["run_id"]?.string
                _ = try await server.send(.delete, "/v1/runs/\(run ?? "")")
            }),
        "/v1/messages/": turn, "/v1/agents/{agent_id}/messages": turn,
        "/v1/agents/{agent_id}/core-memory/blocks": Change(
            add: { server, number in
                let block = try await server.newBlock("label \(number)")
                _ = try await server.send(.patch, "/v1/agents/{agent_id}/core-memory/blocks/attach/\(block)").expect(
                    200)
            },
            remove: { server, id in
                _ = try await server.send(.patch, "/v1/agents/{agent_id}/core-memory/blocks/detach/\(id)")
            }, isByAttachment: true),
        "/v1/blocks/{block_id}/agents": Change(
            add: { server, _ in _ = try await server.newAgent("holder", ["block_ids": ["{block_id}"]]) },
            remove: { server, id in
                _ = try await server.send(.patch, "/v1/agents/\(id)/core-memory/blocks/detach/{block_id}")
            }),
        "/v1/archives/{archive_id}/agents": Change(
            add: { server, _ in
                let agent = try await server.newAgent("holder")
                _ = try await server.send(.patch, "/v1/agents/\(agent)/archives/attach/{archive_id}").expect(200)
            },
            remove: { server, id in _ = try await server.send(.patch, "/v1/agents/\(id)/archives/detach/{archive_id}") }
        ),
        "/v1/identities/{identity_id}/agents": Change(
            add: { server, _ in _ = try await server.newAgent("holder", ["identity_ids": ["{identity_id}"]]) },
            remove: { server, id in _ = try await server.send(.delete, "/v1/agents/\(id)") }),
    ]

    @Test(arguments: Engines.all)
    func `each row once, whatever changes meanwhile`(_ engine: TestEngine) async throws {
        try await withServer(on: engine) { server in
            try await server.seedEverything()
            let document = try await server.get("/openapi.json").json
            let lists = (document["paths"]?.object ?? [:]).filter { _, item in
                let names = item["get"]?["parameters"]?.array?.compactMap { $0["name"]?.string } ?? []
                return names.contains("limit") && names.contains("after")
            }.map(\.key).sorted()
            #expect(Set(Self.changes.keys).subtracting(lists) == [])
            var random = SystemRandomNumberGenerator()
            var number = 0
            for list in lists {
                let change = Self.changes[list]
                for _ in 0..<5 {
                    number += 1
                    try await change?.add(server, number)
                }
                for round in 0..<(TestRun.isLong ? 12 : 4) {
                    var walk = Walk(list, ascending: round % 2 == 0, backwards: round % 4 > 1, using: &random)
                    walk.begin(with: try await rows(of: list, walk.isAscending, server))
                    while let path = walk.next, walk.pages < 2_000 {
                        walk.take(try await server.get(path).expect(200))
                        // No more than a few rows: a list from its oldest end would never end.
                        guard walk.next != nil, walk.pages < 5, let change else { continue }
                        number += 1
                        try await change.add(server, number)
                        guard let remove = change.remove,
                            let id = walk.victim(
                                sparing: Set(server.kept.values), isByAttachment: change.isByAttachment)
                        else { continue }
                        try await remove(server, id)
                    }
                    let left = Set(try await rows(of: list, walk.isAscending, server))
                    walk.check(stillThere: left)
                }
            }
        }
    }

    /// What names the rows of the whole list, in order.
    private func rows(of list: String, _ ascending: Bool, _ server: TestServer) async throws -> [String] {
        let limit = list.hasSuffix("/messages") || list == "/v1/messages/" ? "100000" : "1000"
        let answer = try await server.get("\(list)?limit=\(limit)\(Walk.order(of: list, ascending))").expect(200)
        #expect(answer[header: "Link"] == nil, "\(list) has more than one page")
        return Walk.names(in: answer).withoutRepetitions
    }
}

/// One way through a list, page by page along the `Link` headers.
private struct Walk {
    let list: String
    let isAscending: Bool
    private let isBackwards: Bool
    private let limit: Int
    private(set) var next: String?
    private(set) var pages = 0
    private var start: [String] = []
    private var seen: [String] = []
    private var last: [String] = []
    private var removed: Set<String> = []

    init(_ list: String, ascending: Bool, backwards: Bool, using random: inout some RandomNumberGenerator) {
        self.list = list
        isAscending = ascending
        isBackwards = backwards
        limit = Int.random(in: 1...5, using: &random)
    }

    static func order(of list: String, _ ascending: Bool) -> String {
        list.hasSuffix("/archival-memory") ? "&ascending=\(ascending)" : "&order=\(ascending ? "asc" : "desc")"
    }

    /// The id of each row; a list of texts has the texts, and a message may be several entries with one id.
    static func names(in answer: Answer) -> [String] {
        (answer.json.array ?? []).map { $0["id"]?.string ?? $0.string ?? JSONWriter.string(of: $0) }
    }

    /// Starts at either end, or at a random row: forwards behind it, backwards before it.
    mutating func begin(with rows: [String]) {
        start = rows
        let query = "\(list)?limit=\(limit)\(Self.order(of: list, isAscending))"
        guard let place = rows.indices.randomElement() else {
            next = query
            return
        }
        let isOfMessages = list.hasSuffix("/messages") || list == "/v1/messages/"
        if isBackwards, !isOfMessages {
            start = Array(rows[..<place])
            next = "\(query)&before=\(rows[place].escaped)"
        } else if place % 2 == 0, !isOfMessages {
            start = Array(rows[(place + 1)...])
            next = "\(query)&after=\(rows[place].escaped)"
        } else {
            next = query
        }
    }

    mutating func take(_ answer: Answer) {
        pages += 1
        last = Self.names(in: answer).withoutRepetitions
        seen += last
        next = answer[header: "Link"].flatMap { $0.split(separator: ">").first.map { String($0.dropFirst()) } }
    }

    /// A row to remove: one that was shown, also the one that the next page begins after, or one that is to come.
    mutating func victim(sparing seeds: Set<String>, isByAttachment: Bool) -> String? {
        let bounds = isByAttachment ? Set(last.suffix(1) + last.prefix(1)) : []
        let candidates = [last.last, last.first, start.first { !seen.contains($0) }].compactMap { $0 }
            .filter { !bounds.contains($0) && !seeds.contains($0) && !removed.contains($0) }
        guard let id = candidates.randomElement() else { return nil }
        removed.insert(id)
        return id
    }

    func check(stillThere: Set<String>) {
        let expected = start.filter { stillThere.contains($0) }
        let shown = seen.filter { expected.contains($0) }
        let what = "\(list) ascending: \(isAscending), backwards: \(isBackwards), limit: \(limit), \(pages) pages"
        #expect(shown.count == Set(shown).count, "\(what): shown twice")
        #expect(Set(shown) == Set(expected), "\(what): not shown \(Set(expected).subtracting(shown))")
        #expect(seen.count == Set(seen).count, "\(what): a row is shown twice")
    }
}

extension String {
    fileprivate var escaped: String { replacing(" ", with: "%20") }
}

extension Array where Element: Hashable {
    fileprivate var withoutRepetitions: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
