import JSON
import LettaAPI

/// Answers the messages of MCP clients. Each request stands alone: there is nothing to remember between two of them.
struct MCPFrontService: Sendable {
    let tools: MCPFrontTools

    private static let versions = ["2025-11-25", "2025-06-18", "2025-03-26"]
    private static let instructions = """
        Agents with a memory of their own. list_agents shows them; send_message talks to one; list_blocks, update_block and \
        search_memory read and edit what it remembers.
        """

    /// What JSON-RPC calls the kinds of errors.
    private enum Code: Int64 {
        case unreadable = -32700
        case invalidRequest = -32600
        case unknownMethod = -32601
        case invalidParameters = -32602
    }

    /// - Returns: nil for a notice, and for an answer to something that nobody asked.
    func answer(to bytes: [UInt8], as scope: Scope) async throws -> JSONValue? {
        let message: JSONValue
        do {
            message = try JSONParser(options: [.removeNUL, .replaceLoneSurrogates]).parse(bytes)
        } catch {
            return Self.error(.unreadable, "The body is not JSON.", id: .null)
        }
        guard let request = message.object, request["jsonrpc"] == "2.0" else {
            return Self.error(.invalidRequest, "The body is not one message of JSON-RPC 2.0.", id: .null)
        }
        guard let id = request["id"], !id.isNull, let method = request["method"]?.string else {
            guard request["method"] != nil || request["result"] != nil || request["error"] != nil else {
                return Self.error(.invalidRequest, "The message has no method.", id: request["id"] ?? .null)
            }
            return nil
        }
        let parameters = request["params"]?.object ?? [:]
        switch method {
        case "initialize": return Self.result(Self.handshake(parameters), id: id)
        case "ping": return Self.result([:], id: id)
        case "tools/list": return Self.result(["tools": .array(MCPFrontTools.definitions)], id: id)
        case "tools/call":
            guard let name = parameters["name"]?.string, let tool = MCPFrontTools.Tool(rawValue: name) else {
                let name = parameters["name"]?.string ?? ""
                return Self.error(.invalidParameters, "There is no tool '\(name.prefix(100))'.", id: id)
            }
            return Self.result(try await call(tool, parameters["arguments"]?.object ?? [:], as: scope), id: id)
        default: return Self.error(.unknownMethod, "\(method.prefix(100)) is not supported.", id: id)
        }
    }

    private static func handshake(_ parameters: JSONObject) -> JSONValue {
        let wanted = parameters["protocolVersion"]?.string ?? ""
        return [
            "protocolVersion": .string(versions.contains(wanted) ? wanted : versions[0]),
            "capabilities": ["tools": ["listChanged": false]],
            "serverInfo": ["name": "letta-swift", "version": .string(ServerVersion.current)],
            "instructions": .string(instructions),
        ]
    }

    /// What the caller did wrong is a result that the model behind it reads.
    private func call(_ tool: MCPFrontTools.Tool, _ arguments: JSONObject, as scope: Scope) async throws -> JSONValue {
        let text: String
        var isError = false
        do {
            text = try await tools.run(tool, arguments, as: scope)
        } catch let error as APIError {
            (text, isError) = (error.explanation, true)
        }
        return ["content": [["type": "text", "text": .string(text)]], "isError": .bool(isError)]
    }

    private static func result(_ result: JSONValue, id: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": id, "result": result]
    }

    private static func error(_ code: Code, _ message: String, id: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": id, "error": ["code": .int(code.rawValue), "message": .string(message)]]
    }
}
