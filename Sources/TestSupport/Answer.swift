package import HTTPTypes
package import JSON

/// What a server answered.
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

    /// The body as JSON; null for what is none, so that it fails to be what a test expects.
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
