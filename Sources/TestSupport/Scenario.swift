package import JSON
package import LettaAPI
package import Testing

/// Who sends a request.
package struct TestCaller: Sendable {
    package var headers: [String: String]

    package init(headers: [String: String]) {
        self.headers = headers
    }

    /// A client of version 1.0 or later.
    package static let v1 = TestCaller(headers: ["X-Stainless-Package-Version": "1.0.0"])
    /// A client before version 1.0, or no client library at all.
    package static let legacy = TestCaller(headers: ["User-Agent": "curl/8.5.0"])

    /// A user, in the organization that the user belongs to.
    package static func user(_ id: String) -> TestCaller {
        TestCaller(headers: v1.headers.merging(["user_id": id]) { $1 })
    }

    package func with(_ name: String, _ value: String) -> TestCaller {
        TestCaller(headers: headers.merging([name: value]) { $1 })
    }
}

/// One request and the expected response: a row of a test.
///
/// `{name}` in the path, the body and the expectation stands for the id that an earlier row stored under that name.
package struct Scenario: Sendable {
    package var verb: HTTPVerb
    package var path: String
    package var body: JSONValue?
    package var caller: TestCaller
    package var status: Int
    /// Compared as a subset; see `JSONValue.differences(from:at:)`.
    package var expected: JSONValue
    /// The field or parameter that a 422 must name.
    package var field: String?
    /// The name under which the `id` of the response is stored.
    package var name: String?
    /// Why the row is there.
    package var note: String
    package var place: SourceLocation

    /// Where a row stands in its file.
    package struct Line: Sendable {
        var file: String
        var path: String
        var line: Int

        package init(_ file: String, _ path: String, _ line: Int) {
            self.file = file
            self.path = path
            self.line = line
        }
    }

    package init(
        _ verb: HTTPVerb, _ path: String, _ body: JSONValue?, as caller: TestCaller, expect status: Int,
        _ expected: JSONValue, _ line: Line
    ) {
        self.verb = verb
        self.path = path
        self.body = body
        self.caller = caller
        self.status = status
        self.expected = expected
        note = ""
        place = SourceLocation(fileID: line.file, filePath: line.path, line: line.line, column: 1)
    }

    /// Expects the 422 to name this field.
    package func field(_ field: String) -> Scenario { changed { $0.field = field } }
    /// Stores the `id` of the response for later rows.
    package func keep(_ name: String) -> Scenario { changed { $0.name = name } }
    package func note(_ note: String) -> Scenario { changed { $0.note = note } }

    private func changed(_ change: (inout Scenario) -> Void) -> Scenario {
        var copy = self
        change(&copy)
        return copy
    }
}

extension Scenario {
    package static func get(
        _ path: String, as caller: TestCaller = .v1, expect status: Int, _ expected: JSONValue = .anything,
        file: String = #fileID, filePath: String = #filePath, line: Int = #line
    ) -> Scenario {
        Scenario(.get, path, nil, as: caller, expect: status, expected, Line(file, filePath, line))
    }

    package static func post(
        _ path: String, _ body: JSONValue? = nil, as caller: TestCaller = .v1, expect status: Int,
        _ expected: JSONValue = .anything, file: String = #fileID, filePath: String = #filePath, line: Int = #line
    ) -> Scenario {
        Scenario(.post, path, body, as: caller, expect: status, expected, Line(file, filePath, line))
    }

    package static func patch(
        _ path: String, _ body: JSONValue? = nil, as caller: TestCaller = .v1, expect status: Int,
        _ expected: JSONValue = .anything, file: String = #fileID, filePath: String = #filePath, line: Int = #line
    ) -> Scenario {
        Scenario(.patch, path, body, as: caller, expect: status, expected, Line(file, filePath, line))
    }

    package static func put(
        _ path: String, _ body: JSONValue? = nil, as caller: TestCaller = .v1, expect status: Int,
        _ expected: JSONValue = .anything, file: String = #fileID, filePath: String = #filePath, line: Int = #line
    ) -> Scenario {
        Scenario(.put, path, body, as: caller, expect: status, expected, Line(file, filePath, line))
    }

    package static func delete(
        _ path: String, _ body: JSONValue? = nil, as caller: TestCaller = .v1, expect status: Int,
        _ expected: JSONValue = .anything, file: String = #fileID, filePath: String = #filePath, line: Int = #line
    ) -> Scenario {
        Scenario(.delete, path, body, as: caller, expect: status, expected, Line(file, filePath, line))
    }
}
