import JSON
import LettaAPI

extension PythonText {
    /// How many bytes of a rejected input a 422 body repeats. The peer repeats all of it.
    private static let inputLimit = 1000

    /// `[{'type': …, 'loc': (…), 'msg': …, 'input': …}]`
    static func list(of issues: [ValidationIssue]) -> String {
        let dictionaries = issues.map { issue in dictionary(issue, input: truncated { $0.write(issue.input) }) }
        return "[\(dictionaries.joined(separator: ", "))]"
    }

    /// The list for a body of another content type than JSON, with its bytes as the input.
    static func list(of issue: ValidationIssue, input bytes: some Collection<UInt8>) -> String {
        "[\(dictionary(issue, input: truncated { $0.write(bytes) }))]"
    }

    private static func dictionary(_ issue: ValidationIssue, input: String) -> String {
        var text =
            "{'type': \(literal(issue.type)), 'loc': \(tuple(issue.location)), 'msg': \(literal(issue.message)), "
            + "'input': \(input)"
        if issue.type == "value_error" {
            let prefix = "Value error, "
            let message =
                issue.message.hasPrefix(prefix) ? String(issue.message.dropFirst(prefix.count)) : issue.message
            text += ", 'ctx': {'error': ValueError(\(literal(message)))}"
        } else if !issue.context.isEmpty {
            text += ", 'ctx': \(literal(.object(issue.context)))"
        }
        return text + "}"
    }

    private static func tuple(_ location: [ValidationIssue.LocationElement]) -> String {
        let elements = location.map { element in
            switch element {
            case .name(let name): literal(name)
            case .index(let index): String(index)
            }
        }
        return "(\(elements.joined(separator: ", "))\(elements.count == 1 ? "," : ""))"
    }

    private static func truncated(_ write: (inout PythonText) -> Void) -> String {
        var writer = PythonText(limit: inputLimit)
        write(&writer)
        return writer.isTruncated ? writer.text + "…" : writer.text
    }
}
