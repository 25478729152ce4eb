import HTTPKit
import JSON

/// An OpenAPI document as HTML for people.
struct DocsPage {
    private let document: JSONValue

    init(_ document: JSONValue) {
        self.document = document
    }

    var html: String {
        let title = Self.escaped(document["info"]?["title"]?.string ?? "")
        let version = Self.escaped(document["info"]?["version"]?.string ?? "")
        let groups = self.groups
        let links = groups.map { "<a href=\"#\($0.tag)\">\($0.tag)</a>" }.joined(separator: " ")
        let sections = groups.map { group in
            "<h2 id=\"\(group.tag)\">\(group.tag)</h2>\n" + group.operations.joined(separator: "\n")
        }
        let schemas = (document["components"]?["schemas"]?.object ?? [:]).map { name, schema in
            "<details id=\"schema-\(name)\"><summary><code>\(name)</code></summary>\(self.schema(schema))</details>"
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(title) \(version)</title>
            <meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs/docs.css"></head><body>
            <h1>\(title) \(version)</h1>
            <p>For programs: <a href="/openapi.json">openapi.json</a>. Paths that begin with <code>/v1</code> are also served \
            without it. With a password set, every request needs <code>Authorization: Bearer PASSWORD</code>.</p>
            <nav>\(links) <a href="#schemas">schemas</a></nav>
            \(sections.joined(separator: "\n"))
            <h2 id="schemas">schemas</h2>
            \(schemas.joined(separator: "\n"))
            </body></html>
            """
    }

    /// The operations by their tag, in the order of the document.
    private var groups: [(tag: String, operations: [String])] {
        var groups: [(tag: String, operations: [String])] = []
        for (path, item) in document["paths"]?.object ?? [:] {
            for (verb, operation) in item.object ?? [:] {
                let tag = Self.escaped(operation["tags"]?[0]?.string ?? "server")
                let text = self.operation(verb, path, operation)
                if let place = groups.firstIndex(where: { $0.tag == tag }) {
                    groups[place].operations.append(text)
                } else {
                    groups.append((tag, [text]))
                }
            }
        }
        return groups
    }

    private func operation(_ verb: String, _ path: String, _ operation: JSONValue) -> String {
        let summary =
            operation["x-alias-of"]?.string.map { "Another spelling of \($0)." } ?? operation["summary"]?.string ?? ""
        var parts: [String] = []
        let parameters = operation["parameters"]?.array ?? []
        if !parameters.isEmpty {
            let rows = parameters.map { parameter in
                row(
                    parameter["name"]?.string ?? "", parameter["schema"] ?? [:],
                    "\(parameter["in"]?.string ?? "")\(parameter["required"] == true ? ", required" : "")")
            }
            parts.append("<table><tr><th>parameter</th><th>type</th><th></th></tr>\(rows.joined())</table>")
        }
        if let body = operation["requestBody"]?["content"]?["application/json"]?["schema"] {
            parts.append("<p>Body: \(type(body))</p>")
        }
        for (status, response) in operation["responses"]?.object ?? [:] where status.utf8.first == UInt8(ascii: "2") {
            let content: JSONObject = response["content"]?.object ?? [:]
            let schema: JSONValue? = content["application/json"]?["schema"]
            let text: String = schema.map { type($0) } ?? Self.escaped(response["description"]?.string ?? "")
            parts.append("<p>\(Self.escaped(status)): \(text)</p>")
        }
        return """
            <details id="\(Self.escaped(operation["operationId"]?.string ?? ""))"><summary>\
            <code class="verb \(verb)">\(verb.uppercased())</code> <code>\(Self.escaped(path))</code> \
            <span class="text">\(Self.escaped(summary))</span></summary>\(parts.joined())</details>
            """
    }

    private func row(_ name: String, _ schema: JSONValue, _ note: String) -> String {
        let text = [note, schema["description"]?.string ?? ""].filter { !$0.isEmpty }.joined(separator: ". ")
        return
            "<tr><td><code>\(Self.escaped(name))</code></td><td>\(type(schema))</td><td>\(Self.escaped(text))</td></tr>"
    }

    private func schema(_ schema: JSONValue) -> String {
        guard let properties = schema["properties"]?.object else { return "<p>\(type(schema))</p>" }
        let required = schema["required"]?.array ?? []
        let rows = properties.map { name, property in
            row(name, property, required.contains(.string(name)) ? "required" : "")
        }
        return "<table><tr><th>field</th><th>type</th><th></th></tr>\(rows.joined())</table>"
    }

    /// The type in a few words, with links to named schemas.
    private func type(_ schema: JSONValue) -> String {
        if let reference = schema["$ref"]?.string {
            let name = Self.escaped(String(reference.split(separator: "/").last ?? ""))
            return "<a href=\"#schema-\(name)\"><code>\(name)</code></a>"
        }
        for key in ["anyOf", "oneOf"] {
            if let choices = schema[key]?.array { return choices.map { type($0) }.joined(separator: " or ") }
        }
        if let values = schema["enum"]?.array {
            return values.map { "<code>\(Self.escaped(JSONWriter.string(of: $0)))</code>" }.joined(separator: " or ")
        }
        let kind = schema["type"]?.string ?? "any"
        switch kind {
        case "array": return "list of \(type(schema["items"] ?? [:]))"
        case "object":
            return schema["additionalProperties"].flatMap { $0.object }.map { "object of \(type(.object($0)))" } ?? kind
        default: return Self.escaped(schema["format"]?.string.map { "\(kind) (\($0))" } ?? kind)
        }
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { html, character in
            switch character {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            default: html.append(character)
            }
        }
    }
}
