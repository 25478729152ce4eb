import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

extension TestServer {
    /// Sends a form with a file and fields to the import of agents.
    func importFile(
        _ file: [UInt8], _ fields: [String: String] = [:], query: String = "", as caller: TestCaller = .v1
    ) async throws -> Answer {
        let boundary = "----form-boundary"
        var body: [UInt8] = []
        func part(_ head: String, _ bytes: [UInt8]) {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; \(head)\r\n\r\n".utf8) + bytes + [13, 10]
        }
        for (name, value) in fields { part("name=\"\(name)\"", Array(value.utf8)) }
        part("name=\"file\"; filename=\"a.af\"\r\nContent-Type: application/json", file)
        body += Array("--\(boundary)--\r\n".utf8)
        return try await send(
            .post, "/v1/agents/import\(query)", bytes: body,
            as: caller.with("Content-Type", "multipart/form-data; boundary=\(boundary)"))
    }

    func importFile(
        _ file: JSONValue, _ fields: [String: String] = [:], query: String = "", as caller: TestCaller = .v1
    ) async throws -> Answer {
        try await importFile(JSONWriter.bytes(of: file), fields, query: query, as: caller)
    }

    /// Imports a file and returns the ids of its agents.
    func imported(_ file: JSONValue, _ fields: [String: String] = [:]) async throws -> [String] {
        let answer = try await importFile(file, fields)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json["agent_ids"]?.array?.compactMap(\.string) ?? []
    }

    /// Imports a file with one agent and one file while no server runs that could go on with it.
    ///
    /// - Returns: the agent, and how far its file is before the server starts.
    func importedWhileStopped(_ file: JSONValue) async throws -> (agent: String, status: FileProcessingStatus?) {
        var (agent, status): (String, FileProcessingStatus?) = ("", nil)
        try await whileStopped {
            let storage = try await database.open()
            let core = Core(
                storage: storage, ids: .random, now: { .now }, clock: ContinuousClock(), logger: Logger(label: "test"))
            let scope = Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue)
            let imported = try await withoutModels(core) { models in
                let files = AgentFileService(
                    core: core, models: models, secrets: SecretBox(passphrases: TestServer.encryptionKeys))
                return try await files.run(
                    AgentFileReader.document(JSONWriter.bytes(of: file)), ImportOptions(), as: scope
                ).agents
            }
            agent = imported.agentIDs.first?.rawValue ?? ""
            status = try await storage.read(as: scope) { db in
                try db.fetchAll(FolderStore.files, where: "TRUE", orderBy: "id").first?.processingStatus
            }
            await storage.close()
        }
        return (agent, status)
    }

    func exported(_ agent: String) async throws -> JSONValue {
        let answer = try await get("/v1/agents/\(agent)/export")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }
}

/// Passes `body` the models of a server that has none.
func withoutModels<Result>(_ core: Core, _ body: (ModelService) async throws -> Result) async throws -> Result {
    let directory = ModelDirectory(providers: [])
    let transport = ProviderTransport()
    let users = UserProviders(
        core: core, secrets: SecretBox(passphrases: TestServer.encryptionKeys), transport: transport)
    let result: Swift.Result<Result, any Error>
    do {
        result = .success(
            try await body(
                ModelService(directory: directory, userProviders: users, transport: transport, logger: core.logger)))
    } catch {
        result = .failure(error)
    }
    await users.close()
    await directory.close()
    try await transport.shutdown()
    return try result.get()
}

/// Agent files for tests.
enum AgentFileSample {
    /// A file with one agent and no more than needed.
    static func file(
        messages: [JSONValue] = [], context: [JSONValue] = [], agent: JSONObject = [:], _ others: JSONObject = [:]
    ) -> JSONValue {
        var entry: JSONObject = [
            "id": "agent-0", "name": "Bo", "agent_type": "letta_v1_agent", "system": "Be kind.", "tool_rules": [],
            "llm_config": [
                "model": "gpt-4o-mini", "model_endpoint_type": "openai", "context_window": 32000,
                "handle": "openai-proxy/gpt-4o-mini", "provider_name": "openai-proxy",
            ],
            "messages": .array(messages), "in_context_message_ids": .array(context),
        ]
        for (key, value) in agent { entry[key] = value }
        var file: JSONObject = [
            "agents": [.object(entry)], "groups": [], "blocks": [], "files": [], "sources": [], "tools": [],
            "mcp_servers": [],
        ]
        for (key, value) in others { file[key] = value }
        return .object(file)
    }

    static func message(_ number: Int, _ role: String, _ content: JSONValue, _ others: JSONObject = [:]) -> JSONValue {
        var message: JSONObject = [
            "id": .string("message-\(number)"), "role": .string(role), "content": content,
            "otid": .string("otid-\(number)"), "model": "gpt-4o-mini", "created_at": "2025-03-04T05:06:07.000008Z",
        ]
        for (key, value) in others { message[key] = value }
        return .object(message)
    }

    static func text(_ text: String) -> JSONValue { [["type": "text", "text": .string(text), "signature": nil]] }

    static let addTool: JSONObject = [
        "id": "tool-0", "tool_type": "custom", "name": "add", "source_type": "python", "tags": ["math"],
        "source_code":
            "def add(a: int) -> int:\n    \"\"\"Add.\n\n    Args:\n        a (int): a\n    \"\"\"\n    return a",
        "json_schema": ["name": "add", "description": "Add.", "parameters": ["type": "object", "properties": [:]]],
    ]
}
