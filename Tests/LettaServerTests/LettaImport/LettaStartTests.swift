import Configuration
import Logging
import ModelProviders
import Storage
import TestSupport
import Testing

@testable import LettaServer

/// What a user who comes from Letta may start the server with.
@Suite(.timeLimit(.minutes(5))) struct LettaStartTests {
    private func configuration(_ variables: [String: String]) throws -> ServerConfiguration {
        try ServerConfiguration(
            arguments: ServerConfiguration.Arguments(),
            environment: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables)))
    }

    @Test func `the parts of Letta's database address are understood`() throws {
        let parts = [
            "LETTA_PG_HOST": "db.example.org", "LETTA_PG_PASSWORD": "p@ss/word", "LETTA_PG_USER": "ann",
            "LETTA_PG_DB": "mine", "LETTA_PG_PORT": "5433",
        ]
        #expect(
            try configuration(parts).data.postgresURI?.reveal()
                == "postgresql://ann:p%40ss%2Fword@db.example.org:5433/mine")
        #expect(
            try configuration(["LETTA_PG_HOST": "db"]).data.postgresURI?.reveal()
                == "postgresql://letta:letta@db:5432/letta")
        let both = parts.merging(["LETTA_PG_URI": "postgresql://other/x"]) { $1 }
        #expect(try configuration(both).data.postgresURI?.reveal() == "postgresql://other/x")
        #expect(try configuration([:]).data.postgresURI == nil)
        #expect(throws: StartUpFailure.self) { try configuration(["LETTA_PG_PORT": "many"]) }
    }

    @Test(arguments: Engines.all)
    func `a database of Letta is refused before anything in it changes`(_ engine: TestEngine) async throws {
        try await LettaDatabase.with(engine) { letta in
            let before = try await letta.storage.read { try LettaSourceStore.tables($0).count }
            await #expect(throws: StartUpFailure.self) {
                try await LettaTraces.refuse(letta.storage, try configuration([:]))
            }
            #expect(try await letta.storage.read { try LettaSourceStore.tables($0).count } == before)
        }
        try await LettaDatabase.with(engine, tables: "CREATE TABLE a (b text);") { other in
            try await LettaTraces.refuse(other.storage, try configuration([:]))
        }
    }

    @Test func `the command to bring a database over has its address and not its password`() {
        let (old, new) = LettaTraces.addresses("postgresql+asyncpg://ann:p%40ss@db:5433/letta?ssl=disable")
        #expect(old == "postgresql://ann:PASSWORD@db:5433/letta?ssl=disable")
        #expect(new == "postgresql://ann:PASSWORD@db:5433/letta_server?ssl=disable")
        #expect(LettaTraces.addresses("postgresql://db/letta").new == "postgresql://db/letta_server")
        #expect(LettaTraces.addresses("nowhere").new == "postgresql://…/letta_server")
    }

    @Test func `secrets that Letta encrypted are told from clear ones`() {
        #expect(!LettaSecret.isEncrypted("sk-proj-1234567890abcdefghijklmnopqrstuvwxyz1234567890ABCDEF"))
        #expect(!LettaSecret.isEncrypted(""))
        #expect(!LettaSecret.isEncrypted("short"))
        #expect(LettaSecret.isEncrypted(String(repeating: "/+9A", count: 20)))
    }
}
