import AgentEngine
import JSON
import LettaAPI
import ModelProviders

/// Where `web_search` searches. The first that is set up is asked: Exa, Tavily, SearXNG.
struct WebSearchSettings: Sendable {
    var exaKey: String?
    var tavilyKey: String?
    var searxngURL: String?
    var exaURL = "https://api.exa.ai"
    var tavilyURL = "https://api.tavily.com"

    static let names = ["EXA_API_KEY", "TAVILY_API_KEY", "SEARXNG_URL"]

    /// With an agent's own keys in place of these.
    func merged(with environment: [String: String]) -> WebSearchSettings {
        let own = Self.names.map { environment[$0].flatMap { $0.isEmpty ? nil : $0 } }
        guard own.contains(where: { $0 != nil }) else { return self }
        var settings = self
        (settings.exaKey, settings.tavilyKey, settings.searxngURL) = (own[0], own[1], own[2])
        return settings
    }
}

/// One search of the web.
struct WebSearch: Sendable {
    private static let deadline = Duration.seconds(30)
    private static let largest = 5 << 20
    private static let most = 25

    let settings: WebSearchSettings
    private let query: String
    private let count: Int
    private let includesText: Bool
    private let given: ToolArguments

    init(_ given: ToolArguments, _ settings: WebSearchSettings) throws {
        self.given = given
        self.settings = settings
        query = try given.text("query")
        count = min(max(1, given.integer("num_results") ?? 10), Self.most)
        includesText = given.boolean("include_text") ?? false
    }

    func run(_ egress: EgressClient, _ clock: any Clock<Duration>) async throws -> JSONValue {
        let answer: JSONValue
        if let key = settings.exaKey {
            answer = try await post(exa, to: "\(settings.exaURL)/search", ("x-api-key", key), egress, clock)
        } else if let key = settings.tavilyKey {
            answer = try await post(
                tavily, to: "\(settings.tavilyURL)/search", ("authorization", "Bearer \(key)"), egress, clock)
        } else if let url = settings.searxngURL {
            let base = url.hasSuffix("/") ? String(url.dropLast()) : url
            answer = try parsed(
                await egress.fetch(
                    "\(base)/search?format=json&q=\(Self.encoded(query))", limit: Self.largest, within: Self.deadline,
                    clock: clock))
        } else {
            throw ToolFailure.value(
                "EXA_API_KEY, TAVILY_API_KEY and SEARXNG_URL are not set in the server's environment or as secrets of the "
                    + "agent.")
        }
        let results = (answer["results"]?.array ?? []).prefix(count).map(result)
        return ["query": .string(query), "results": .array(Array(results))]
    }

    /// A result in one form, whichever service found it.
    private func result(_ found: JSONValue) -> JSONValue {
        var result: JSONObject = ["title": found["title"] ?? .null, "url": found["url"] ?? .null]
        for name in ["published_date", "publishedDate"] {
            if let date = found[name], !date.isNull { result["published_date"] = date }
        }
        if let author = found["author"], !author.isNull { result["author"] = author }
        if let summary = found["summary"] ?? found["content"], !summary.isNull { result["summary"] = summary }
        if includesText, let text = found["text"] ?? found["raw_content"], !text.isNull { result["text"] = text }
        return .object(result)
    }

    private var exa: JSONObject {
        var body: JSONObject = ["query": .string(query), "numResults": .int(Int64(count)), "type": "auto"]
        body["contents"] = includesText ? ["text": true, "summary": true] : ["summary": true]
        let names = [
            ("category", "category"), ("include_domains", "includeDomains"), ("exclude_domains", "excludeDomains"),
            ("start_published_date", "startPublishedDate"), ("end_published_date", "endPublishedDate"),
            ("user_location", "userLocation"),
        ]
        for (ours, theirs) in names { if let value = given.value(ours) { body[theirs] = value } }
        return body
    }

    private var tavily: JSONObject {
        var body: JSONObject = [
            "query": .string(query), "max_results": .int(Int64(min(count, 20))),
            "include_raw_content": .bool(includesText),
        ]
        let names = [
            ("include_domains", "include_domains"), ("exclude_domains", "exclude_domains"),
            ("start_published_date", "start_date"), ("end_published_date", "end_date"),
        ]
        for (ours, theirs) in names { if let value = given.value(ours) { body[theirs] = value } }
        return body
    }

    private func post(
        _ body: JSONObject, to url: String, _ header: (String, String), _ egress: EgressClient,
        _ clock: any Clock<Duration>
    ) async throws -> JSONValue {
        try parsed(
            await egress.exchange(
                JSONWriter.bytes(of: body), with: url, headers: [header], limit: Self.largest, within: Self.deadline,
                clock: clock))
    }

    /// Percent-encoded but for letters and digits.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                String(Unicode.Scalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
            }
        }.joined()
    }

    private func parsed(_ bytes: [UInt8]) throws -> JSONValue {
        do {
            return try JSONParser(options: [.replaceLoneSurrogates, .removeNUL]).parse(bytes)
        } catch {
            throw ToolFailure(.exception, "The search service sent no JSON.")
        }
    }
}
