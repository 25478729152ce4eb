import Foundation
import JSON
import LettaAPI
import Logging
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// Secrets that a server 0.16.8 encrypted with a known key.
@Suite(.timeLimit(.minutes(3))) struct LettaSecretTests {
    private struct Fixture: Decodable {
        let key: String
        /// The clear texts of encrypted values.
        let secrets: [String: String]

        func encrypted(_ clear: String) -> JSONValue { .string(secrets.first { $0.value == clear }?.key ?? "missing") }
    }

    private let box = SecretBox(passphrases: TestServer.encryptionKeys)

    private func fixture() throws -> Fixture {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/letta-secrets.json")
        return try Foundation.JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
    }

    private func id(_ prefix: String, _ number: Int) -> String { LettaDatabase.id(prefix, number) }

    @Test func `what Letta encrypted is read with its key alone`() async throws {
        let fixture = try fixture()
        #expect(fixture.secrets.count == 7)
        let (right, wrong) = (LettaCipher(passphrase: fixture.key), LettaCipher(passphrase: "another key"))
        for (encrypted, clear) in fixture.secrets {
            #expect(LettaSecret.isEncrypted(encrypted))
            #expect(try await right.open(encrypted) == clear)
            #expect(try await wrong.open(encrypted) == nil)
            // One bit of it is another.
            var bytes = Data(base64Encoded: encrypted) ?? Data()
            bytes[bytes.count - 1] ^= 1
            #expect(try await right.open(bytes.base64EncodedString()) == nil)
        }
        for text in ["", "sk-clear", "not base64 at all, but longer than what is encrypted is at least", "AAAA"] {
            #expect(try await right.open(text) == nil)
        }
    }

    private func fill(_ letta: LettaDatabase, _ fixture: Fixture) async throws {
        try await letta.fill(agents: 1)
        try await letta.storage.write { db in
            try LettaDatabase.insert(
                "providers",
                [
                    "id": .string(id("provider", 11)), "name": "cloud", "provider_type": "bedrock",
                    "provider_category": "byok", "api_key": "an old value",
                    "api_key_enc": fixture.encrypted("geheim-ß🙂"),
                    "access_key_enc": fixture.encrypted("AKIA"),
                ], db)
            try LettaDatabase.insert(
                "sandbox_environment_variables",
                [
                    "id": .string(id("sandbox-env", 11)), "key": "ENCRYPTED",
                    "value_enc": fixture.encrypted("eu-secret"),
                    "sandbox_config_id": .string(id("sandbox", 1)),
                ], db)
            try LettaDatabase.insert(
                "mcp_server",
                [
                    "id": .string(id("mcp_server", 11)), "server_name": "sealed maps", "server_type": "sse",
                    "server_url": "https://maps.example.org/sse", "token_enc": fixture.encrypted("mcp-token"),
                    "custom_headers_enc": fixture.encrypted(#"{"X-Key": "header value"}"#),
                ], db)
            try LettaDatabase.insert(
                "mcp_server",
                [
                    "id": .string(id("mcp_server", 12)), "server_name": "open maps", "server_type": "sse",
                    "server_url": "https://maps.example.org/sse", "token_enc": "clear",
                    "custom_headers": ["X-Key": "an old header"],
                    "custom_headers_enc": #"{"X-Key": "clear header"}"#,
                ], db)
            try LettaDatabase.insert(
                "mcp_server",
                [
                    "id": .string(id("mcp_server", 13)), "server_name": "binary maps", "server_type": "sse",
                    "server_url": "https://maps.example.org/sse", "token": .string(Self.binaryToken),
                ], db)
            for (number, clear) in ["agent secret", ""].enumerated() {
                try LettaDatabase.insert(
                    "agent_environment_variables",
                    [
                        "id": .string(id("agent-env", 11 + number)), "agent_id": .string(id("agent", 0)),
                        "key": .string("SEALED_\(number)"), "value_enc": fixture.encrypted(clear),
                    ], db)
            }
        }
    }

    private func imported(
        _ letta: LettaDatabase, key: String?, _ storage: any StorageEngine
    ) async throws -> LettaImportReport {
        let source = try await LettaSource.open(
            letta.address, key: key.map { Secret($0) }, logger: Logger(label: "test"))
        let core = Core(
            storage: storage, ids: .random, now: { .now }, clock: ContinuousClock(), logger: Logger(label: "test"))
        let report = try await LettaDatabaseImport.run(source, to: core, box, ApprovalPolicy()) { _, _, _ in }
        await source.close()
        return report
    }

    /// What is stored of the secrets, by names; an empty text for what is missing.
    private func stored(_ storage: any StorageEngine) async throws -> [String: String] {
        try await storage.read(as: Scope(organization: Organization.defaultID.rawValue, user: User.defaultID.rawValue))
        { db in
            var found: [String: String] = [:]
            func open(_ name: String, _ sealed: String?, for place: String) throws {
                found[name] = try sealed.map { try box.open($0, for: place) } ?? ""
            }
            let provider = try #require(try db.fetch(ProviderStore.table, ID<Provider>(id("provider", 11))))
            try open("key", provider.sealedAPIKey, for: ProviderRow.KeyColumn.apiKey.place(of: provider.id))
            try open("access", provider.sealedAccessKey, for: ProviderRow.KeyColumn.accessKey.place(of: provider.id))
            for variable in try SandboxStore.variables(of: .local, db) {
                try open(variable.name, variable.sealedValue, for: SandboxVariableRow.place(of: variable.id))
            }
            for (number, name) in [(11, "sealed"), (12, "open"), (13, "binary")] {
                let server = try #require(
                    try db.fetch(MCPServerStore.table, ID<MCPServer>(id("mcp_server", number))))
                try open("\(name) token", server.sealedAuthToken, for: server.place(of: "auth_token"))
                let headers = MCPServerRow.values(server.sealedCustomHeaders)
                try open("\(name) header", headers?["X-Key"], for: server.place(of: "custom_headers/X-Key"))
            }
            let agent = ID<AgentState>(id("agent", 0))
            for secret in try AgentStore.sealedSecrets(of: agent, db) {
                try open(secret.name, secret.sealedValue, for: SealedSecret.place(of: secret.name, agent: agent))
            }
            return found
        }
    }

    /// A clear text that looks encrypted: base64 of bytes that are no text.
    private static let binaryToken = String(repeating: "/", count: 64)

    private static let names = [
        "API key of the provider cloud", "API key of the provider sealed", "access key of the provider cloud",
        "headers of the MCP server sealed maps", "token of the MCP server sealed maps",
        "variable ENCRYPTED of the sandbox",
        "variable SEALED_0 of the agent \(LettaDatabase.id("agent", 0))",
        "variable SEALED_1 of the agent \(LettaDatabase.id("agent", 0))",
    ]

    @Test(arguments: Engines.all)
    func `secrets come over as soon as their key is given`(_ engine: TestEngine) async throws {
        let fixture = try fixture()
        let missing = [
            "key": "", "access": "", "ENCRYPTED": "", "sealed token": "", "sealed header": "", "SEALED_0": "",
            "SEALED_1": "",
            "REGION": "eu", "KEY": "secret 0", "open token": "Bearer clear", "open header": "clear header",
            "binary token": "Bearer \(Self.binaryToken)", "binary header": "",
        ]
        let all = missing.merging([
            "key": "geheim-ß🙂", "access": "AKIA", "ENCRYPTED": "eu-secret", "sealed token": "Bearer mcp-token",
            "sealed header": "header value", "SEALED_0": "agent secret",
        ]) { $1 }
        try await LettaDatabase.with(engine) { letta in
            try await fill(letta, fixture)
            try await withServer(on: engine) { server in
                for key in [nil, "another key"] {
                    let report = try await imported(letta, key: key, server.storage)
                    // In place of one that can't be read an old value is stored, which is told once.
                    #expect(
                        report.secrets.sorted()
                            == Self.names.filter { key == nil || $0 != "API key of the provider cloud" })
                    #expect(report.lines.contains { $0.contains("LETTA_FROM_ENCRYPTION_KEY") })
                    var stored = try await stored(server.storage)
                    #expect(stored.removeValue(forKey: "key") == "an old value")
                    #expect(stored == missing.filter { $0.key != "key" })
                }
                let report = try await imported(letta, key: fixture.key, server.storage)
                #expect(report.secrets == ["API key of the provider sealed"], "which is nobody's ciphertext")
                var stored = try await stored(server.storage)
                #expect(stored.removeValue(forKey: "key") == "an old value", "what is here stays")
                #expect(stored == all.filter { $0.key != "key" })
                let again = try await imported(letta, key: fixture.key, server.storage)
                #expect(again.counts == report.counts)
            }
            try await withServer(on: engine) { server in
                let report = try await imported(letta, key: fixture.key, server.storage)
                #expect(report.secrets == ["API key of the provider sealed"])
                #expect(try await stored(server.storage) == all)
                try await server.restart()
                try await server.get("/v1/mcp-servers/\(id("mcp_server", 11))").expect(200)
            }
        }
    }
}
