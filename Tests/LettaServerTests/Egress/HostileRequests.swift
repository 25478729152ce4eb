import JSON
import LettaAPI

/// Makes up requests to every operation in the server's own description: fields and parameters that take an address, a
/// number or a time get hostile ones, those that are required get plain ones.
struct HostileRequests {
    private struct Operation {
        var verb: HTTPVerb
        var path: String
        var parameters: [JSONValue]
        var body: JSONValue?
    }

    private let operations: [Operation]
    private let schemas: JSONObject
    var values: HostileValues

    /// Deletions would leave the others without anything to work on; the rest runs Python or reads itself.
    private static let skipped: Set<String> = [
        "/v1/tools/run", "/v1/tools/generate-schema", "/v1/tools/", "/openapi.json", "/metrics",
    ]

    init(_ document: JSONValue, seed: UInt64) {
        values = HostileValues(seed: seed)
        schemas = document["components"]?["schemas"]?.object ?? [:]
        operations = (document["paths"]?.object ?? [:]).flatMap { path, item in
            (item.object ?? [:]).compactMap { verb, operation -> Operation? in
                guard let verb = HTTPVerb(rawValue: verb.uppercased()), verb != .delete,
                    verb == .get || !Self.skipped.contains(path)
                else { return nil }
                return Operation(
                    verb: verb, path: path, parameters: operation["parameters"]?.array ?? [],
                    body: operation["requestBody"]?["content"]?["application/json"]?["schema"])
            }
        }.filter { operation in
            // Providers are called at the address that a request names: ``EgressTests`` has theirs.
            !["/openapi.json", "/metrics"].contains(operation.path) && !operation.path.hasPrefix("/v1/providers/")
        }
    }

    mutating func next() -> (verb: HTTPVerb, path: String, body: JSONValue?) {
        let operation = values.pick(operations)
        var query: [String] = []
        for parameter in operation.parameters where parameter["in"] == "query" {
            let name = parameter["name"]?.string ?? ""
            let isRequired = parameter["required"] == true
            guard isRequired || Bool.random(using: &values) else { continue }
            if let value = hostile(parameter["schema"] ?? .null, name) {
                query.append("\(name)=\(Self.encoded(value.string ?? JSONWriter.string(of: value)))")
            } else if isRequired {
                query.append("\(name)=x")
            }
        }
        let path = query.isEmpty ? operation.path : "\(operation.path)?\(query.joined(separator: "&"))"
        let body = operation.body.map { hostile($0, "") ?? plain($0, "") }
        return (operation.verb, path, body)
    }

    /// Nil when nothing in the schema takes an address, a number or a time.
    private mutating func hostile(_ schema: JSONValue, _ name: String) -> JSONValue? {
        let schema = resolved(schema)
        switch schema["type"]?.string {
        case "integer", "number":
            return values.number()
        case "string" where schema["format"] == "date-time" || name.hasSuffix("_date"):
            return .string(values.time())
        case "string" where name.hasSuffix("_url") || name.hasSuffix("endpoint"):
            return .string(values.address())
        case "array":
            return hostile(schema["items"] ?? .null, name).map { .array([$0]) }
        case "object":
            let required = schema["required"]?.array?.compactMap(\.string) ?? []
            var object = JSONObject()
            var isHostile = false
            for (key, member) in schema["properties"]?.object ?? [:] {
                let isRequired = required.contains(key)
                // Many are left out, so that a request is not always refused for its first field.
                if Int.random(in: 0..<4, using: &values) == 0, let value = hostile(member, key) {
                    object[key] = value
                    isHostile = true
                } else if isRequired {
                    object[key] = plain(member, key)
                }
            }
            guard isHostile else { return nil }
            // Calls of the model stay in this process.
            if object["model_endpoint"] != nil { object["provider_name"] = "openai" }
            return .object(object.completed)
        default:
            return nil
        }
    }

    private func plain(_ schema: JSONValue, _ name: String) -> JSONValue {
        let schema = resolved(schema)
        if let first = schema["enum"]?[0] { return first }
        switch schema["type"]?.string {
        case "integer", "number": return 1
        case "boolean": return true
        case "array": return []
        case "object":
            var object = JSONObject()
            for case .string(let key) in schema["required"]?.array ?? [] {
                object[key] = plain(schema["properties"]?[key] ?? .null, key)
            }
            return .object(object.completed)
        default: return name == "model" ? model : "x"
        }
    }

    /// Without the reference and the choice of null.
    private func resolved(_ schema: JSONValue) -> JSONValue {
        if let name = schema["$ref"]?.string?.split(separator: "/").last {
            return resolved(schemas[String(name)] ?? .null)
        }
        return schema["anyOf"]?[0].map(resolved) ?? schema
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
    }
}

extension JSONObject {
    /// With what rules require that no schema says.
    fileprivate var completed: JSONObject {
        var object = self
        if self["model"] == nil, self["llm_config"] == nil { object["model"] = model }
        if self["messages"] == nil, self["input"] == nil { object["input"] = "Hi" }
        return object
    }
}
