import JSON
import Testing

/// Names of properties in snake case, on the way in and out.
@Suite(.timeLimit(.minutes(2))) struct WireNameTests {
    static let names: [(name: String, wire: String)] = [
        ("id", "id"), ("createdAt", "created_at"), ("createdByID", "created_by_id"),
        ("organizationID", "organization_id"), ("jsonSchema", "json_schema"), ("argsJSONSchema", "args_json_schema"),
        ("llmConfig", "llm_config"), ("topK", "top_k"), ("mcpServerIDs", "mcp_server_ids"), ("agentIDs", "agent_ids"),
        ("IDs", "ids"), ("lastRunDurationMs", "last_run_duration_ms"), ("vectorDBProvider", "vector_db_provider"),
        ("callbackURL", "callback_url"), ("toolIDsByName", "tool_ids_by_name"), ("sha256Sum", "sha256_sum"),
        ("isStale", "is_stale"), ("read_only", "read_only"), ("metadata_", "metadata_"),
        ("größeÄ", "größeÄ"), (String(repeating: "aBc", count: 40), "a" + String(repeating: "_bca", count: 39) + "_bc"),
        ("", ""),
    ]

    struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    struct Member: Codable, Equatable {
        static let name = CodingUserInfoKey(rawValue: "name")
        var name: String
        var value: Int

        init(name: String, value: Int) {
            (self.name, self.value) = (name, value)
        }

        init(from decoder: any Decoder) throws {
            name = Self.name.flatMap { decoder.userInfo[$0] as? String } ?? ""
            value = try decoder.container(keyedBy: Key.self).decode(Int.self, forKey: Key(stringValue: name))
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(value, forKey: Key(stringValue: name))
        }
    }

    @Test(arguments: names) func `a property has its name in snake case`(_ row: (name: String, wire: String)) throws {
        let member = Member(name: row.name, value: 1)
        #expect(try JSONEncoding().encode(member) == .object([row.wire: 1]))
        var decoding = JSONDecoding()
        decoding.userInfo[try #require(Member.name)] = row.name
        #expect(try decoding.decode(Member.self, from: .object([row.wire: 1])) == member)
        // An object of many members finds them by an index.
        var large: JSONObject = [row.wire: 1]
        for number in 0..<40 { large["other_\(number)"] = 2 }
        #expect(try decoding.decode(Member.self, from: .object(large)) == member)
    }

    struct Server: Codable, Equatable {
        var serverURL: String
        var isPublic: Bool?
        var environment: [String: String]
        var extra: JSONValue
        var toolNames: [String: [Limits]]

        struct Limits: Codable, Equatable {
            var maxCalls: Int
            var perUser: Int

            enum CodingKeys: String, CodingKey {
                case maxCalls
                case perUser = "per_head"
            }
        }
    }

    @Test func `keys of dictionaries and documents stay as they are`() throws {
        let document: JSONValue = [
            "server_url": "u", "is_public": nil, "environment": ["apiKey": "x"], "extra": ["camelCase": ["aB": 1]],
            "tool_names": ["getWeather": [["max_calls": 1, "per_head": 2]]],
        ]
        let server = try JSONDecoding().decode(Server.self, from: document)
        #expect(server.environment == ["apiKey": "x"])
        #expect(server.toolNames["getWeather"] == [Server.Limits(maxCalls: 1, perUser: 2)])
        #expect(try JSONEncoding().encode(server) == document)
        #expect(failing(Server.self, ["serverURL": "u"])?.path == [.key("server_url")])
        #expect(
            failing([String: Server.Limits].self, ["theKey": ["max_calls": "x"]])?.path
                == [.key("theKey"), .key("max_calls")])
    }

    @Test func `a type may keep its names`() throws {
        struct Search: Codable, Equatable {
            var sortBy: String
            var pageSize: Int

            enum CodingKeys: String, VerbatimCodingKey {
                case sortBy
                case pageSize = "page_size"
            }
        }
        let document: JSONValue = ["sortBy": "name", "page_size": 3]
        #expect(try JSONEncoding().encode(Search(sortBy: "name", pageSize: 3)) == document)
        #expect(try JSONDecoding().decode(Search.self, from: document) == Search(sortBy: "name", pageSize: 3))
        #expect(failing(Search.self, ["sort_by": "x", "page_size": 3])?.path == [.key("sortBy")])
    }

    @Test func `a flattened property has its members among those of its owner`() throws {
        struct Origin: Codable, Equatable, JSONFlattened {
            var projectID: String?
            var entityID: String?
        }
        struct Note: Codable, Equatable {
            var text: String
            var origin: Origin
            var isDone: Bool
        }
        let note = Note(text: "x", origin: Origin(projectID: "p"), isDone: true)
        let bytes = try JSONEncoding().encodeBytes(note)
        #expect(
            String(decoding: bytes, as: UTF8.self) == #"{"text":"x","project_id":"p","entity_id":null,"is_done":true}"#)
        #expect(try JSONDecoding().decode(Note.self, from: bytes) == note)
        #expect(failing(Note.self, ["text": "x", "is_done": true, "project_id": 1])?.path == [.key("project_id")])
    }
}

/// What types write that say nothing about it themselves.
@Suite(.timeLimit(.minutes(2))) struct DefaultWritingTests {
    struct Account: Codable, JSONWritable {
        enum Kind: String, Codable, JSONWritable { case free, paid }
        struct Limit: Codable { var callsPerDay: Int? }

        var ownerID: String
        var kind: Kind
        var limits: [Limit]
        var secrets: [String: String]
        var document: RawJSON
        var parent: [Account]
        var deletedAt: String?
    }

    static let account = Account(
        ownerID: "o\"", kind: .paid, limits: [.init(callsPerDay: 1), .init()], secrets: ["b": "1", "a": "2"],
        document: RawJSON(trusted: #"{"aB": 1.0}"#), parent: [], deletedAt: nil)
    static let text =
        #"{"owner_id":"o\"","kind":"paid","limits":[{"calls_per_day":1},{"calls_per_day":null}],"#
        + #""secrets":{"a":"2","b":"1"},"document":{"aB": 1.0},"parent":[],"deleted_at":null}"#

    @Test func `members are written in order, nil as null, documents as they are`() {
        #expect(JSONWriter.string(of: Self.account) == Self.text)
    }

    @Test func `it goes together with what is written by hand`() {
        var writer = JSONWriter()
        writer.object {
            $0.field("first", Self.account)
            $0.field("all", [Self.account, Self.account])
            $0.field("kind", Account.Kind.free)
        }
        let text = Self.text
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"first":\#(text),"all":[\#(text),\#(text)],"kind":"free"}"#)
    }

    @Test func `lines are broken as in any other text`() {
        struct Pair: Codable, JSONWritable {
            var one = 1
            var list = [[String: Int]]()
            var two = ["x": [Double.infinity]]
        }
        #expect(
            JSONWriter.string(of: Pair(), style: .indented(2))
                == "{\n  \"one\": 1,\n  \"list\": [],\n  \"two\": {\n    \"x\": [\n      null\n    ]\n  }\n}")
        #expect(JSONWriter.string(of: Pair(), style: .spaced) == #"{"one": 1, "list": [], "two": {"x": [null]}}"#)
    }
}
