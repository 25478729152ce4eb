import Storage
import Testing

@testable import StoragePostgres

@Suite(.timeLimit(.minutes(2))) struct PostgresSettingsTests {
    private static let spellings: [(uri: String, expected: [String: String])] = [
        (
            "postgresql://ada:s%40cret@db.example:6432/letta",
            ["host": "db.example", "port": "6432", "user": "ada", "password": "s@cret", "dbname": "letta"]
        ),
        ("postgres://db/letta", ["host": "db", "dbname": "letta", "application_name": "letta-server"]),
        (
            "postgresql+asyncpg://ada@db/letta?ssl=disable&prepared_statement_cache_size=0",
            ["user": "ada", "host": "db", "sslmode": "disable"]
        ),
        ("postgresql+psycopg2://db/letta?ssl=require", ["sslmode": "require"]),
        ("postgresql+pg8000://db/letta?ssl=true&timeout=5", ["sslmode": "require"]),
        ("POSTGRESQL://db/letta?sslmode=verify-full&application_name=mine", ["application_name": "mine"]),
        ("postgresql:///letta?host=/var/run/postgresql", ["host": "/var/run/postgresql", "dbname": "letta"]),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/letta", ["host": "/var/run/postgresql"]),
        ("postgresql://one:1,two:2/letta?target_session_attrs=read-write", ["host": "one,two", "port": "1,2"]),
        ("postgresql://one,two/letta", ["host": "one,two", "target_session_attrs": "read-write"]),
        ("postgresql://one,two/letta?target_session_attrs=primary", ["target_session_attrs": "primary"]),
        ("postgresql://db/letta?target_session_attrs=any", ["target_session_attrs": "any"]),
        (
            "postgresql://db/letta?connect_timeout=3&client_encoding=LATIN1",
            ["connect_timeout": "3", "client_encoding": "UTF8"]
        ),
    ]

    @Test(arguments: spellings.indices) func `every spelling is understood`(_ index: Int) throws {
        let (uri, expected) = Self.spellings[index]
        let parameters = try PostgresSettings(uri: uri).parameters
        for (keyword, value) in expected { #expect(parameters[keyword] == value, "\(keyword) of \(uri)") }
        #expect(parameters["prepared_statement_cache_size"] == nil)
        #expect(parameters["ssl"] == nil)
    }

    @Test(arguments: [
        "", "letta", "sqlite:///letta.db", "mysql://db/letta", "postgresql://db/letta?ssl=perhaps",
        "postgresql://ada:s3cr3t/slash@db:port/letta", "postgresql://ada:s3cr3t%@db/letta",
    ]) func `what is not understood is said without the password`(uri: String) {
        let failure = #expect(throws: SQLFailure.self) { try PostgresSettings(uri: uri) }
        #expect(failure?.description.contains("s3cr3t") == false)
    }

    @Test(arguments: ["any", "prefer-standby", "standby", "read-only"])
    func `several hosts that may be replicas are refused`(wanted: String) {
        let failure = #expect(throws: SQLFailure.self) {
            try PostgresSettings(uri: "postgresql://one,two/letta?target_session_attrs=\(wanted)")
        }
        #expect(failure?.message.contains("target_session_attrs=\(wanted)") == true)
    }

    @Test func `the options of the URI win over our timeouts`() throws {
        let settings = try PostgresSettings(uri: "postgresql://db/x?options=-cstatement_timeout%3D5")
        let options = settings.parameters["options"]
        let ours = try #require(options?.firstRange(of: "statement_timeout=30000"))
        let theirs = try #require(options?.firstRange(of: "statement_timeout=5"))
        #expect(ours.upperBound < theirs.lowerBound)
    }
}
