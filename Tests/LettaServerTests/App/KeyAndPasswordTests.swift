import Configuration
import Foundation
import Logging
import ModelProviders
import TestSupport
import Testing

@testable import LettaServer

/// Keys and passwords are checked before anything is made.
@Suite(.timeLimit(.minutes(5))) struct KeyAndPasswordTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func open(_ folder: String, key: String? = nil, postgres: String? = nil) async throws {
        var arguments = ServerConfiguration.Arguments()
        arguments.dataFolder = folder
        arguments.port = 0
        var variables = ["LETTA_LOCAL": "off"]
        variables["LETTA_ENCRYPTION_KEY"] = key
        variables["LETTA_PG_URI"] = postgres
        let configuration = try ServerConfiguration(
            arguments: arguments,
            environment: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables)))
        let application = try await LettaApplication.open(configuration, logger: Self.quiet)
        await application.close()
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    /// The lock of a data folder lasts as long as the process, so each start has a folder with a copy of the database.
    private func copy(_ folder: String, to other: String, keeping kept: (String) -> Bool) throws {
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        for name in try names(folder) where kept(name) {
            try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(other)/\(name)")
        }
    }

    @Test func `a database that was written with a key is not opened without it, and no key is made`() async throws {
        try await withTemporaryFolder { root in
            try await open("\(root)/first")
            #expect(try names("\(root)/first").contains("encryption.key"))
            for (place, key) in [("without", nil), ("wrong", "another key")] as [(String, String?)] {
                let folder = "\(root)/\(place)"
                try copy("\(root)/first", to: folder) { $0 == "letta.sqlite" }
                let before = try Data(contentsOf: URL(filePath: "\(folder)/letta.sqlite"))
                let failure = await #expect(throws: StartUpFailure.self) { try await open(folder, key: key) }
                let text = failure?.description ?? ""
                #expect(text.contains("LETTA_ENCRYPTION_KEY") && text.contains("encryption.key"), "\(text)")
                #expect(try !names(folder).contains { $0.hasPrefix("encryption.key") })
                #expect(try Data(contentsOf: URL(filePath: "\(folder)/letta.sqlite")) == before)
            }
            try copy("\(root)/first", to: "\(root)/restored") { ["letta.sqlite", "encryption.key"].contains($0) }
            try await open("\(root)/restored")
        }
    }

    @Test func `on PostgreSQL too`() async throws {
        guard Engines.all.contains(.postgres) else { return }
        try await TestDatabase.with(.postgres) { database in
            try await withTemporaryFolder { root in
                try await open("\(root)/first", postgres: database.uri)
                await #expect(throws: StartUpFailure.self) { try await open("\(root)/second", postgres: database.uri) }
                #expect(try !names("\(root)/second").contains { $0.hasPrefix("encryption.key") })
            }
        }
    }

    private static let passwords: [(bytes: [UInt8], password: String)] = [
        (Array("sekret".utf8), "sekret"), (Array("sekret\r\nsecond line\r\n".utf8), "sekret"),
        ([0xEF, 0xBB, 0xBF] + Array("sekret\n".utf8), "sekret"), (Array("  two words \t \n".utf8), "two words"),
        (Array("\r\n\r\nsekret".utf8), "sekret"), (Array("gehëim\n".utf8), "gehëim"),
    ]

    private static let unusable: [(bytes: [UInt8], says: String)] = [
        ([], "is empty"), (Array(" \r\n".utf8), "is empty"), ([0xEF, 0xBB, 0xBF], "is empty"),
        ([0xFF, 0xFE, 0x73, 0x00], "not UTF-8"), ([0x73, 0xFF], "not UTF-8"),
        (Array("se\u{1B}kret".utf8), "control character"),
        (Array("se\0kret".utf8), "control character"), (Array(repeating: 0x61, count: 5_000), "5000 bytes"),
    ]

    @Test func `a password file is understood as editors write it, or refused with the reason`() async throws {
        try await withTemporaryFolder { folder in
            let file = "\(folder)/password"
            for (bytes, password) in Self.passwords {
                try Data(bytes).write(to: URL(filePath: file))
                #expect(try PasswordText.read(file: file) == password)
            }
            for (bytes, says) in Self.unusable {
                try Data(bytes).write(to: URL(filePath: file))
                let failure = #expect(throws: StartUpFailure.self) { try PasswordText.read(file: file) }
                #expect(failure?.description.contains(says) == true && failure?.description.contains(file) == true)
            }
            let missing = #expect(throws: StartUpFailure.self) { try PasswordText.read(file: "\(folder)/none") }
            #expect(missing?.description.contains("can't be read") == true)
        }
    }

    @Test func `a password of the environment is read in the same way`() throws {
        func password(_ text: String) throws -> String? {
            let provider = EnvironmentVariablesProvider(environmentVariables: ["LETTA_SERVER_PASSWORD": text])
            return try ServerConfiguration(
                arguments: ServerConfiguration.Arguments(), environment: ConfigReader(provider: provider)
            ).http.password?.reveal()
        }
        #expect(try password("sekret\r") == "sekret")
        let failure = #expect(throws: StartUpFailure.self) { try password("se\u{1}kret") }
        #expect(failure?.description.contains("LETTA_SERVER_PASSWORD") == true)
        #expect(throws: StartUpFailure.self) { try password(" ") }
    }
}
