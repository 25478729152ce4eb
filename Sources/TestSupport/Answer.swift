package import HTTPTypes
package import JSON
package import Testing

/// A response.
package struct Answer: Sendable {
    package var status: Int
    package var headers: HTTPFields
    package var body: [UInt8]

    package init(status: Int, headers: HTTPFields, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; null if it is not JSON, which no expectation matches.
    package var json: JSONValue { (try? JSONParser().parse(body)) ?? .null }

    /// The `id`; empty when there is none.
    package var id: String { json["id"]?.string ?? "" }

    /// The `id` of each element of an array.
    package var ids: [String] { json.array?.compactMap { $0["id"]?.string } ?? [] }

    /// The value of a header.
    package subscript(header name: String) -> String? {
        HTTPField.Name(name).flatMap { headers[$0] }
    }
}

// MARK: Expectations

extension Answer {
    /// Whether this is a 422 that complains about `field` of the body, the query or the path.
    package func names(_ field: String) -> Bool {
        guard status == 422, let detail = json["detail"]?.string else { return false }
        return ["body", "query", "path"].contains { part in
            let location = ([part] + field.split(separator: ".").map(String.init)).map { name in
                Int(name).map { "\($0)" } ?? "'\(name)'"
            }
            return detail.contains("'loc': (\(location.joined(separator: ", "))")
        }
    }

    /// Records every difference from what is expected; `expected` is compared as in a scenario.
    @discardableResult
    package func expect(
        _ status: Int, _ expected: JSONValue = .anything, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Answer {
        var problems = json.differences(from: expected)
        if self.status != status { problems.insert("status \(self.status), expected \(status)", at: 0) }
        if !problems.isEmpty {
            Issue.record(
                "\(problems.joined(separator: "\n"))\n\(text.prefix(600))", sourceLocation: sourceLocation)
        }
        return self
    }
}
